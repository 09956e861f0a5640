package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// However JSON is cut into pieces, it is indented as package json does.
func TestIndenter(t *testing.T) {
	texts := []string{`[]`, `[{}]`, `{"a":1}`, `[{"a":[1,2,{"b":"x, [y]: \"{z}\" \\"}],"c":{}},{"d":null}]`, "[\n{\"a\":-1.5e9},\n{\"b\":true}\n]\n", `{"é":"\u001b\\\""}`}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		var want, got bytes.Buffer
		if err := json.Indent(&want, bytes.TrimSpace([]byte(text)), "", "  "); err != nil {
			t.Fatal(err)
		}
		i := &indenter{w: &got}
		for rest := []byte(text); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "octets")
			if _, err := i.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if got.String() != want.String()+"\n" {
			t.Fatalf("got\n%s\nwant\n%s", &got, &want)
		}
	})
}
