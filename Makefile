# What people and CI run. `make test` is all of it.

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME = 60s
ENDURANCE = Day|Overruns|OverrunsUnderLoad|StartAmidOverruns|StartInChurn|RouteGet
# The race detector makes SQLite several times slower: these ask it so much that they run without.
UNRACED = Scenarios|Live|LiveKinds|ShowAsIP|$(ENDURANCE)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o nlrec ./cmd/nlrec

test: tools build check
	go test -race -timeout 15m -skip='^Test(Model|$(UNRACED))$$' ./...
	go test -timeout 15m -run='^Test($(UNRACED))$$' ./recorder ./cmd/nlrec
	NLREC_SEQUENCES=3m go test -count=1 -v -run='^TestModel$$' ./cmd/nlrec
	go test -run='^$$' -fuzz=FuzzDecode -fuzztime=$(FUZZTIME) ./rtnl

# $NLREC_SEED, which these print, repeats them.
exact: tools
	NLREC_SEQUENCES=1000 go test -count=1 -timeout 5h -v -run='^TestModel$$' ./cmd/nlrec

day: tools
	NLREC_LONG=1 go test -count=1 -timeout 2h -v -run='^Test($(ENDURANCE))$$' ./cmd/nlrec

check:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "run gofmt -w on: $$unformatted"; exit 1; }
	@libc=$$(go list -m -f '{{.Version}}' modernc.org/libc); go mod graph | grep -q "^modernc.org/sqlite@[^ ]* modernc.org/libc@$$libc$$" || \
		{ echo "modernc.org/libc $$libc is not what modernc.org/sqlite asks for"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

# The tests compare with ip(8) and sqlite3(1); the race detector needs a C compiler.
tools:
	@missing=; for t in ip:iproute2 sysctl:procps sqlite3:sqlite3 gcc:gcc; do \
		command -v $${t%:*} >/dev/null || missing="$$missing $${t#*:}"; done; \
	if [ -z "$$missing" ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing libc6-dev; \
	else echo "install:$$missing"; exit 1; fi

bench:
	go test -run='^$$' -bench=. -benchmem ./...

.PHONY: build test exact day check tools bench
