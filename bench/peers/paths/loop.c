/* Geometric Brownian motion, 8 correlated assets, 24 steps, smallest value of the portfolio on each path: blocks of 256 paths, loops that a
 * compiler can turn into vector code, Box-Muller. PHILOX: counter-based streams as Plimsoll's; else xoshiro256+, four of them side by side. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ASSETS = 8, STEPS = 24, BLOCK = 256, LANES = 8 };

static double uniforms[BLOCK * ASSETS], normals[ASSETS][BLOCK], level[ASSETS][BLOCK], value[BLOCK], least[BLOCK];

#ifdef PHILOX
static void fill(uint32_t first, uint32_t step) {
  for (int p = 0; p < BLOCK; p++)
    for (int pair = 0; pair < ASSETS / 2; pair++) {
      uint32_t c0 = first + p, c1 = step, c2 = pair, c3 = 0, k0 = 1, k1 = 0;
      for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xd2511f53 * c0, b = (uint64_t)0xcd9e8d57 * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9e3779b9;
        k1 += 0xbb67ae85;
      }
      uniforms[pair * 2 * BLOCK + p] = ((((uint64_t)(c0 >> 6)) << 26 | (c1 >> 6)) + 0.5) * 0x1p-52;
      uniforms[(pair * 2 + 1) * BLOCK + p] = ((((uint64_t)(c2 >> 6)) << 26 | (c3 >> 6)) + 0.5) * 0x1p-52;
    }
}
#else
static uint64_t state[4][LANES];
static void fill(uint32_t first, uint32_t step) {
  for (int i = 0; i < BLOCK * ASSETS; i += LANES)
    for (int j = 0; j < LANES; j++) {
      uint64_t result = state[0][j] + state[3][j], t = state[1][j] << 17;
      state[2][j] ^= state[0][j];
      state[3][j] ^= state[1][j];
      state[1][j] ^= state[2][j];
      state[0][j] ^= state[3][j];
      state[2][j] ^= t;
      state[3][j] = state[3][j] << 45 | state[3][j] >> 19;
      uniforms[i + j] = ((double)(int64_t)(result >> 12) + 0.5) * 0x1p-52;
    }
}
#endif

int main(int argc, char **argv) {
  int paths = atoi(argv[1]);
  double root[ASSETS][ASSETS] = {{0}}, best = 1e9, sum = 0;
  for (int i = 0; i < ASSETS; i++)
    for (int j = 0; j <= i; j++) root[i][j] = 0.01 * (i == j ? 0.8 : 0.2);
#ifndef PHILOX
  for (int j = 0; j < LANES; j++)
    for (int k = 0; k < 4; k++) state[k][j] = 0x9e3779b97f4a7c15u * (4 * j + k + 1);
#endif
  for (int round = 0; round < 6; round++) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int first = 0; first < paths; first += BLOCK) {
      for (int i = 0; i < ASSETS; i++)
        for (int p = 0; p < BLOCK; p++) level[i][p] = 0;
      for (int p = 0; p < BLOCK; p++) least[p] = 1e9;
      for (int step = 0; step < STEPS; step++) {
        fill(first, step);
        for (int i = 0; i < ASSETS; i += 2)
          for (int p = 0; p < BLOCK; p++) {
            double r = sqrt(-2 * log(uniforms[i * BLOCK + p])), angle = 6.283185307179586 * uniforms[(i + 1) * BLOCK + p];
            normals[i][p] = r * cos(angle);
            normals[i + 1][p] = r * sin(angle);
          }
        for (int p = 0; p < BLOCK; p++) value[p] = 0;
        for (int i = 0; i < ASSETS; i++)
          for (int p = 0; p < BLOCK; p++) {
            double x = 0;
            for (int j = 0; j <= i; j++) x += root[i][j] * normals[j][p];
            level[i][p] += 0.0001 + x;
            value[p] += exp(level[i][p]);
          }
        for (int p = 0; p < BLOCK; p++) least[p] = value[p] < least[p] ? value[p] : least[p];
      }
      for (int p = 0; p < BLOCK; p++) sum += least[p];
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (to.tv_sec - from.tv_sec) + 1e-9 * (to.tv_nsec - from.tv_nsec);
    if (seconds < best) best = seconds;
  }
  printf("RESULT %.1f (mean %.6f)\n", paths / best, sum / 6 / paths);
}
