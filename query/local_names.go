package query

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// fileNames returns the names that a file of iproute2 gives numbers on this
// machine: rt_tables, rt_protos, … Of two names of a number the later counts.
func fileNames(file string) map[int64]string {
	names := map[int64]string{}
	for _, dir := range []string{"/usr/share/iproute2", "/usr/lib/iproute2", "/etc/iproute2"} {
		paths, _ := filepath.Glob(filepath.Join(dir, file+".d", "*.conf")) // fails for bad patterns only
		for _, path := range append([]string{filepath.Join(dir, file)}, paths...) {
			readNames(names, path)
		}
	}
	return names
}

// readNames reads lines of a number and a name. A file that is not there gives
// none, as ip(8) has it.
func readNames(names map[int64]string, path string) {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) == 2 {
			if n, err := strconv.ParseInt(f[0], 0, 64); err == nil {
				names[n] = f[1]
			}
		}
	}
}
