suppressMessages(library(fGarch))
source("bench/peers/report.R")
r <- read.csv(commandArgs(TRUE)[1])$r
report("GARCH-normal", 6, function() garchFit(~garch(1, 1), r, trace = FALSE), function(fit) -fit@fit$llh)
