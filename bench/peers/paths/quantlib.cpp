/* QuantLib's MultiPathGenerator on the same eight correlated coins and 24 steps, log prices made by its arithmetic process (the lightest it has). */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ql/quantlib.hpp>

using namespace QuantLib;

int main(int argc, char **argv) {
  const Size assets = 8, steps = 24, paths = std::atoi(argv[1]);
  std::vector<ext::shared_ptr<StochasticProcess1D>> processes;
  for (Size i = 0; i < assets; i++) processes.push_back(ext::make_shared<OrnsteinUhlenbeckProcess>(0.0, 0.5));
  Matrix correlation(assets, assets, 0.3);
  for (Size i = 0; i < assets; i++) correlation[i][i] = 1;
  auto joint = ext::make_shared<StochasticProcessArray>(processes, correlation);
  auto generator = MultiPathGenerator<PseudoRandom::rsg_type>(joint, TimeGrid(24.0 / 365 / 24, steps), PseudoRandom::make_sequence_generator(assets * steps, 42));
  double best = 1e9, sum = 0;
  for (int round = 0; round < 4; round++) {
    auto from = std::chrono::steady_clock::now();
    for (Size p = 0; p < paths; p++) {
      const MultiPath &path = generator.next().value;
      double least = 1e9;
      for (Size t = 1; t <= steps; t++) {
        double value = 0;
        for (Size i = 0; i < assets; i++) value += std::exp(path[i][t]);
        least = std::min(least, value);
      }
      sum += least;
    }
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
  }
  std::printf("RESULT %.1f (mean %.6f)\n", paths / best, sum / 4 / paths);
}
