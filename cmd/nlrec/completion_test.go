package main

import (
	"os/exec"
	"strings"
	"testing"
)

// completed are lines as they are typed, and as Tab leaves them.
var completed = []struct{ typed, want string }{
	{"nlrec verif", "nlrec verify"},
	{"nlrec show ro", "nlrec show route"},
	{"nlrec show route dev wa", "nlrec show route dev wan0"},
	{"nlrec log -o nd", "nlrec log -o ndjson"},
	{"nlrec log -S 2026-05-01T10:00:05", "nlrec log -S 2026-05-01T10:00:05.000000Z"},
	{"nlrec log --until=2026-05-01T10:00:06", "nlrec log --until=2026-05-01T10:00:06.000000Z"},
	{"nlrec show --at 2026-05-01T10:00:00", "nlrec show --at 2026-05-01T10:00:00.000000Z"},
}

// TestCompletionInShells presses Tab in the shells themselves: bash, without the
// package bash-completion, and zsh.
func TestCompletionInShells(t *testing.T) {
	db, env, _ := sample(t)
	shells := []struct{ name, flags, load string }{
		{"bash", "--norc --noprofile -i", "source <(nlrec completion bash)"},
		{"zsh", "-f -i", "autoload -U compinit; compinit -u -D; source <(nlrec completion zsh)"},
	}
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			if _, err := exec.LookPath(shell.name); err != nil {
				t.Skipf("%v: apt-get install %s", err, shell.name)
			}
			p := sitBefore(t, append(env, "NLREC_DB="+db), shell.name, strings.Fields(shell.flags)...)
			p.press("PS1=; " + shell.load + "; echo load''ed\r")
			p.expect("loaded\r\n")
			for _, tt := range completed {
				p.press(tt.typed + tab)
				p.press("\x01echo :\r") // Ctrl-A: before the line
				p.expect(":" + tt.want)
			}
			p.press("exit\r")
			p.leaves(0)
			if strings.Contains(p.screen.String(), "not found") {
				t.Errorf("%q", p.screen.String())
			}
		})
	}
}

// fish is asked what Tab would offer.
func TestCompletionInFish(t *testing.T) {
	if _, err := exec.LookPath("fish"); err != nil {
		t.Skipf("%v: apt-get install fish", err)
	}
	db, env, _ := sample(t)
	for _, tt := range completed {
		c := exec.Command("fish", "--no-config", "-c", "nlrec completion fish | source; complete -C '"+tt.typed+"'")
		c.Env = append(c.Environ(), append(env, "NLREC_DB="+db, "TZ=UTC", "HOME="+t.TempDir())...)
		out, err := c.CombinedOutput()
		offered, _, _ := strings.Cut(string(out), "\t")
		before, _, _ := strings.Cut(tt.typed+"\n", tt.typed[strings.LastIndex(tt.typed, " ")+1:])
		if got := before + strings.TrimSuffix(offered, "\n"); err != nil || got != tt.want {
			t.Errorf("%s: %s, want %s (%v)", tt.typed, got, tt.want, err)
		}
	}
}
