package query

import (
	"errors"
	"strings"
	"testing"
)

func TestParseParam(t *testing.T) {
	tests := []struct {
		text string
		want Param
	}{
		{"dev=eth0", Param{"dev", "eth0"}},
		{":table=254", Param{"table", int64(254)}},
		{"a=", Param{"a", ""}},
		{"a=b=c", Param{"a", "b=c"}},
		{"a=-7", Param{"a", int64(-7)}},
		{"a=007", Param{"a", "007"}},
		{"a=+7", Param{"a", "+7"}},
		{"a=1.5", Param{"a", "1.5"}},
		{"a='; DROP TABLE change", Param{"a", "'; DROP TABLE change"}},
	}
	for _, tt := range tests {
		if got, err := ParseParam(tt.text); err != nil || got != tt.want {
			t.Errorf("%q: got %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{"dev", "=1", "a b=1", "?1=1", ""} {
		if _, err := ParseParam(text); !errors.Is(err, ErrParam) || Hint(err) == "" {
			t.Errorf("%q: error %v, hint %q", text, err, Hint(err))
		}
	}
}

func TestQueryParams(t *testing.T) {
	r := open(t, samplePath(t), "#2")
	tests := []struct {
		name, sql string
		params    string // name=value, with | between them
		want      string // the answer, or what the error says
	}{
		{"a text", "SELECT dst FROM route WHERE dev = :dev", "dev=eth0", "default"},
		{"a number", "SELECT dst FROM route WHERE table_id = $t", "t=254", "default"},
		{"one in two places", "SELECT :a || @a || ':a'", "a=x", "xx:a"},
		{"several", "SELECT :b, :a", "a=1|b=2", "2 1"},
		{"the argument of a function", "SELECT ifname FROM link_at(:at)", "at=#5", "wan0"},
		{"SQL is but a text", "SELECT :a", "a='; DELETE FROM change --", "'; DELETE FROM change --"},
		{"one that lacks", "SELECT :a, :b", "a=1", "b: no parameter has this name, and the statement needs it"},
		{"one too many", "SELECT :a", "a=1|b=2", "b: no parameter of the statement"},
		{"one in quotes", "SELECT ':a'", "a=1", "a: no parameter of the statement"},
		{"one without a name", "SELECT ?1", "a=1", "?1: no parameter without a name can be given a value"},
		{"twice", "SELECT :a", "a=1|a=2", "a: no parameter: it is given twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var params []Param
			for _, text := range strings.Split(tt.params, "|") {
				p, err := ParseParam(text)
				if err != nil {
					t.Fatal(err)
				}
				params = append(params, p)
			}
			var cells []string
			err := r.QueryParams(t.Context(), tt.sql, params, func(rows *Rows) error {
				row, err := rows.Next()
				for _, v := range row {
					cells = append(cells, valueText(v))
				}
				return err
			})
			got := strings.Join(cells, " ")
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
