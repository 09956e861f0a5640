package rtnl

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	cli "flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var (
	capture = cli.Bool("capture", false, "take new messages from this kernel, as root; implies -update")
	update  = cli.Bool("update", false, "write the rows that the messages decode to")
)

// TestGolden decodes messages that a real kernel sent, testdata/<kind>/*.hex,
// and compares them with the rows beside them, *.json.
func TestGolden(t *testing.T) {
	if *capture {
		captureMessages(t)
	}
	for _, k := range declared() {
		t.Run(k.Name, func(t *testing.T) {
			for _, path := range golden(t, k, "*.hex") {
				want := strings.TrimSuffix(path, ".hex") + ".json"
				got := rowJSON(t, k, readHex(t, path))
				if *update || *capture {
					writeFile(t, want, got)
				}
				if text, err := os.ReadFile(want); err != nil {
					t.Error(err)
				} else if !bytes.Equal(got, text) {
					line, got, want := firstDifference(string(got), string(text))
					t.Errorf("%s.json:%d:\n got %s\nwant %s", strings.TrimSuffix(path, ".hex"), line, got, want)
				}
			}
		})
	}
}

// firstDifference returns the first lines in which two texts differ.
func firstDifference(a, b string) (line int, inA, inB string) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for line < len(as) && line < len(bs) && as[line] == bs[line] {
		line++
	}
	at := func(lines []string) string {
		if line < len(lines) {
			return lines[line]
		}
		return "the end"
	}
	return line + 1, at(as), at(bs)
}

// declared returns the kinds that have a name.
func declared() []*Kind {
	var kinds []*Kind
	for _, k := range Kinds() {
		if k.Name != "" {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

func golden(t testing.TB, k *Kind, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", k.Name, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func readHex(t testing.TB, path string) []byte {
	t.Helper()
	digits, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body, err := hex.DecodeString(strings.Join(strings.Fields(string(digits)), ""))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return body
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// rowJSON decodes a message and writes it for people to read: an object of
// what is not NULL, nested JSON as it is.
func rowJSON(t *testing.T, k *Kind, body []byte) []byte {
	t.Helper()
	row, err := k.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	o := object{}
	for i, v := range row {
		switch {
		case v == nil:
		case isJSON(v):
			o.add(k.Columns[i], jsonText(v.(string)))
		default:
			o.add(k.Columns[i], v)
		}
	}
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(o.text()), "", "\t"); err != nil {
		t.Fatalf("%v in %s", err, o.text())
	}
	text.WriteByte('\n')
	return text.Bytes()
}

// isJSON reports whether a value claims to be nested JSON.
func isJSON(v any) bool {
	s, ok := v.(string)
	return ok && (strings.HasPrefix(s, "{") || strings.HasPrefix(s, "["))
}

// captureMessages makes a network namespace, fills it, and writes what the
// kernel tells of it. The namespace goes with the thread, at the end of the
// goroutine.
func captureMessages(t *testing.T) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- captureHere()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func captureHere() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	script := exec.Command("sh", "-eu", "testdata/namespace.sh")
	if out, err := script.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	d, err := NewDumper()
	if err != nil {
		return err
	}
	defer d.Close()
	for _, k := range declared() {
		if err := captureKind(d, k); err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	return nil
}

func captureKind(d *Dumper, k *Kind) error {
	dir := filepath.Join("testdata", k.Name)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	n := 0
	var failed error
	for _, request := range k.Dumps {
		_, err := d.request(k.Get, unix.NLM_F_DUMP, request, func(h Header, body []byte) {
			if _, err := k.Decode(body); h.Type != k.New || errors.Is(err, ErrForeign) {
				return
			}
			n++
			path := filepath.Join(dir, fmt.Sprintf("%02d.hex", n))
			failed = errors.Join(failed, os.WriteFile(path, wrap(hex.EncodeToString(body)), 0o644))
		})
		if err := errors.Join(err, failed); err != nil {
			return err
		}
	}
	return nil
}

// wrap breaks digits into lines.
func wrap(digits string) []byte {
	const width = 64
	var lines []byte
	for len(digits) > 0 {
		n := min(width, len(digits))
		lines = append(append(lines, digits[:n]...), '\n')
		digits = digits[n:]
	}
	return lines
}
