# The script ./chainrule does the work; this is for those who type `make`. Options go through ARGS:
#
#   make train ARGS="--epochs 3"
#   make test CMAKE_FLAGS=-DCHAINRULE_WERROR=ON
.PHONY: help train test test-long bench gallery python wheel site lint format check-fast clean

help:
	@./chainrule

train test test-long bench gallery python wheel site lint format check-fast clean:
	@./chainrule $@ $(ARGS)
