suppressMessages(library(evd))
source("bench/peers/report.R")
y <- read.csv(commandArgs(TRUE)[1])$y
report("generalised Pareto", 60, function() fpot(y, 0, std.err = FALSE), function(fit) c(-fit$deviance / 2, fit$estimate[["shape"]], fit$estimate[["scale"]]))
