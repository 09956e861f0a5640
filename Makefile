# What people and CI run. `make test` is all of it.

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT = go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
SCALE = full
COUNT = 6
FUZZTIME = 30s
# What people type, and what is shown to them: some seconds each.
FUZZED = FuzzInstant FuzzFilter FuzzStatement FuzzVisible
FUZZSOME = 5s
ENDURANCE = Service|Day|Overruns|OverrunsUnderLoad|StartAmidOverruns|StartInChurn|RouteGet
# The race detector makes SQLite several times slower: the tests UNRACED and those of the packages PLAIN ask
# it so much that they run without, but for RACED, which are about several goroutines.
UNRACED = Torture.*|Scenarios|Live|ChangesOfARecording|ChangesOfAnyHistory|AsOf|Plain|Several|Benchmarks|Counts|Prune.*
PLAIN = ./cmd/nlrec ./internal/snapshot
RACED = Pager.*|Printer.*|Progress.*|Manager|Metrics|Echo

build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o nlrec ./cmd/nlrec

test: tools build check
	go test -race -timeout 15m -skip='^Test($(UNRACED))$$' $$(go list ./... | grep -v -e cmd/nlrec -e internal/snapshot)
	go test -race -timeout 15m -run='^Test($(RACED))$$' ./cmd/nlrec
	go test -timeout 15m -run='^Test($(UNRACED))$$' $$(go list ./... | grep -v -e cmd/nlrec -e internal/snapshot)
	go test -timeout 25m -skip='^Test(Model|$(RACED))$$' $(PLAIN)
	NLREC_SEQUENCES=2m go test -count=1 -v -run='^TestModel$$' ./cmd/nlrec
	go test -run='^$$' -fuzz=FuzzDecode -fuzztime=$(FUZZTIME) ./rtnl
	for f in $(FUZZED); do go test -run='^$$' -fuzz="^$$f$$" -fuzztime=$(FUZZSOME) ./query || exit 1; done

# The man pages, from what the commands say of themselves; a test looks for drift.
man:
	mkdir -p docs/man
	go test ./cmd/nlrec -count=1 -run='^TestMan$$' -update

# $NLREC_SEED, which these print, repeats them.
exact: tools
	NLREC_SEQUENCES=1000 go test -count=1 -timeout 5h -v -run='^TestModel$$' ./cmd/nlrec

day: tools
	NLREC_LONG=1 go test -count=1 -timeout 2h -v -run='^Test($(ENDURANCE))$$' ./cmd/nlrec

# The long forms of the tests that docs/reliability.md tells of, and their results in it.
# TORTURE picks some of them: make torture TORTURE=Kill
torture: tools
	NLREC_LONG=1 go test -p 1 -count=1 -timeout 12h -v -run='^TestTorture.*$(TORTURE)' ./... 2>&1 | tee torture.log | \
		go run ./internal/torture/table -o docs/reliability.md

check:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "run gofmt -w on: $$unformatted"; exit 1; }
	@libc=$$(go list -m -f '{{.Version}}' modernc.org/libc); go mod graph | grep -q "^modernc.org/sqlite@[^ ]* modernc.org/libc@$$libc$$" || \
		{ echo "modernc.org/libc $$libc is not what modernc.org/sqlite asks for"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

# The tests compare with ip(8) and sqlite3(1), and trace with strace(1); the race detector needs a C compiler.
tools:
	@missing=; for t in ip:iproute2 sysctl:procps sqlite3:sqlite3 gcc:gcc strace:strace zsh:zsh fish:fish less:less systemd-analyze:systemd; do \
		command -v $${t%:*} >/dev/null || missing="$$missing $${t#*:}"; done; \
	if [ -z "$$missing" ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing libc6-dev; \
	else echo "install:$$missing"; exit 1; fi

# Beside what people would run otherwise; it writes docs/benchmarks.md and its plots. What of the
# peers cannot be installed is skipped, and the page says so. SCALE=small is for a look.
bench: tools
	@missing=; /usr/bin/python3 -c 'import pyroute2' 2>/dev/null || missing="$$missing python3-pyroute2"; \
	command -v gnuplot >/dev/null || missing="$$missing gnuplot-nox"; \
	if [ -n "$$missing" ]; then { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; } || \
		echo "cannot install$$missing: what needs it is skipped"; fi
	go run ./bench -scale $(SCALE) -o docs/benchmarks.md

# Before and after: make microbench >old.txt; …; make microbench >new.txt; make benchstat
microbench:
	@go test -run='^$$' -bench=. -benchmem -count=$(COUNT) ./...

benchstat:
	@$(BENCHSTAT) old.txt new.txt

.PHONY: build test man exact day torture check tools bench microbench benchstat
