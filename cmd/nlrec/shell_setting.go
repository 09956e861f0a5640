package main

// What the shell remembers for the statements to come.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nlrec/query"
)

// paramCommand lists, sets and forgets the values of :name in statements.
func (s *shell) paramCommand(words []string) error {
	switch {
	case len(words) == 0 || words[0] == "list":
		for _, p := range s.params {
			fmt.Fprintf(s.cmd.OutOrStdout(), ":%s = %s\n", p.Name, query.Visible(fmt.Sprint(p.Value)))
		}
		return nil
	case words[0] == "clear":
		s.params = nil
		return nil
	case words[0] == "unset" && len(words) == 2:
		s.forget(strings.TrimLeft(words[1], ":@$"))
		return nil
	case words[0] == "set" && len(words) == 3: // as in sqlite3
		words = []string{words[1] + "=" + words[2]}
	case len(words) > 1:
		return usageError{".param " + query.Visible(strings.Join(words, " ")) + ": NAME=VALUE, unset NAME, clear or nothing is expected", ".param dev=eth0"}
	}
	p, err := query.ParseParam(words[0])
	if err != nil {
		return usageError{".param " + err.Error(), ".param dev=eth0, and in a statement :dev"}
	}
	s.forget(p.Name)
	s.params = append(s.params, p)
	return nil
}

func (s *shell) forget(name string) {
	s.params = slices.DeleteFunc(s.params, func(p query.Param) bool { return p.Name == name })
}

// linesCommand writes answers as lines, or as before.
func (s *shell) linesCommand([]string) error {
	const lines = "line"
	if s.mode != lines {
		s.mode, s.before = lines, s.mode
	} else if s.mode = s.before; s.mode == "" {
		s.mode = shellFormat
	}
	_, err := fmt.Fprintln(s.cmd.OutOrStdout(), s.mode)
	return err
}

// timerCommand and planCommand say what is told beside answers.
func (s *shell) timerCommand(words []string) error { return onOff(&s.timer, ".timer", words) }
func (s *shell) planCommand(words []string) error  { return onOff(&s.plan, ".eqp", words) }

func onOff(setting *bool, command string, words []string) error {
	text := strings.Join(words, " ")
	if text != "on" && text != "off" {
		return usageError{command + " " + query.Visible(text) + ": on or off is expected", command + " on"}
	}
	*setting = text == "on"
	return nil
}

// printPlan tells how SQLite finds an answer: what it searches by an index, and
// what it has to look at as a whole.
func (s *shell) printPlan(ctx context.Context, r *query.Reader, statement string, params []query.Param) error {
	if word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(statement)), " "); word == "EXPLAIN" || word == "PRAGMA" {
		return nil
	}
	depth := map[any]int{}
	return r.QueryParams(ctx, "EXPLAIN QUERY PLAN "+statement, params, func(rows *query.Rows) error {
		for {
			row, err := rows.Next()
			if row == nil || err != nil {
				return err
			}
			depth[row[0]] = depth[row[1]] + 1
			fmt.Fprintf(s.cmd.ErrOrStderr(), "%s%v\n", strings.Repeat("  ", depth[row[1]]), row[3])
		}
	})
}
