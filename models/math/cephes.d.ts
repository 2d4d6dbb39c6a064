/** The package's own types are out of reach under NodeNext: its `exports` name none. */
declare module 'cephes' {
  export const compiled: Promise<void>;
  export function lgam(x: number): number;
  export function psi(x: number): number;
  export function ndtr(x: number): number;
  export function ndtri(p: number): number;
  export function incbet(a: number, b: number, x: number): number;
  export function incbi(a: number, b: number, p: number): number;
  export function igamc(a: number, x: number): number;
}
