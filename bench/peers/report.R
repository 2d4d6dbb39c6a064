# The best of `repeats` runs of `work()` after one that does not count, and `values()` of what it returned: see peer.ts.
report <- function(name, repeats, work, values) {
  found <- work()
  best <- Inf
  for (i in seq_len(repeats)) {
    began <- Sys.time()
    found <- work()
    best <- min(best, as.numeric(Sys.time() - began, units = "secs"))
  }
  cat(sprintf("RESULT\t%s\t%.6f\t%s\n", name, 1000 * best, paste(sprintf("%.12g", values(found)), collapse = " ")))
}
