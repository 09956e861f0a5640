package rtnl

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkDecode reads one captured message of each kind.
func BenchmarkDecode(b *testing.B) {
	for _, k := range Kinds() {
		paths, _ := filepath.Glob("testdata/" + k.Name + "/*.hex")
		if len(paths) == 0 {
			b.Fatalf("no message of a %s", k.Name)
		}
		text, err := os.ReadFile(paths[len(paths)/2])
		if err != nil {
			b.Fatal(err)
		}
		body, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(k.Name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := k.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
