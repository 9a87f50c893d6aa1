# The script ./chainrule does the work; this is for those who type `make`. Options go through ARGS:
#
#   make train ARGS="--epochs 3"
#   make test CMAKE_FLAGS=-DCHAINRULE_WERROR=ON
.PHONY: help train test test-long bench gallery python web wheel site lint format check-fast clean

help:
	@./chainrule

train:
	@./chainrule $@ $(ARGS)
test:
	@./chainrule $@ $(ARGS)
test-long:
	@./chainrule $@ $(ARGS)
bench:
	@./chainrule $@ $(ARGS)
gallery:
	@./chainrule $@ $(ARGS)
python:
	@./chainrule $@ $(ARGS)
web:
	@./chainrule $@ $(ARGS)
wheel:
	@./chainrule $@ $(ARGS)
site:
	@./chainrule $@ $(ARGS)
lint:
	@./chainrule $@ $(ARGS)
format:
	@./chainrule $@ $(ARGS)
check-fast:
	@./chainrule $@ $(ARGS)
clean:
	@./chainrule $@ $(ARGS)
