package query

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrParam is a value for a parameter that a statement lacks or does not have.
var ErrParam = errors.New("no parameter")

// A Param is a value for :name, @name or $name in a statement. It is handed to
// SQLite beside the statement and never becomes part of its text.
type Param struct {
	Name  string
	Value any // nil, int64, float64, string or []byte
}

// ParseParam reads name=value; the name may have its sign. A whole number as
// SQLite writes it is one, all else is text. It fails with ErrParam.
func ParseParam(text string) (Param, error) {
	name, value, ok := strings.Cut(text, "=")
	name = strings.TrimLeft(name, ":@$")
	if !ok || name == "" || wordEnd(name, 0) < len(name) {
		return Param{}, hinted{fmt.Errorf("%s: %w: it is written name=value", Visible(text), ErrParam),
			`nlrec query --param dev=eth0 "SELECT * FROM route WHERE dev = :dev"`}
	}
	p := Param{name, value}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && strconv.FormatInt(n, 10) == value {
		p.Value = n
	}
	return p, nil
}

// checkParams finds whether a statement has exactly the parameters that are
// given by name. SQLite itself would take those that lack for NULL.
func checkParams(statement string, params []Param) error {
	for _, t := range tokens(statement) {
		if t.kind == paramToken && t.text[0] == '?' {
			return hinted{fmt.Errorf("%s: %w without a name can be given a value", t.text, ErrParam), "write :name, and --param name=value"}
		}
	}
	var given []string
	has := paramNames(statement)
	for _, p := range params {
		if slices.Contains(given, p.Name) {
			return fmt.Errorf("%s: %w: it is given twice", p.Name, ErrParam)
		}
		if given = append(given, p.Name); !slices.Contains(has, p.Name) {
			return hinted{fmt.Errorf("%s: %w of the statement", p.Name, ErrParam), unusedHint(p.Name, has)}
		}
	}
	for _, name := range has {
		if !slices.Contains(given, name) {
			return hinted{fmt.Errorf("%s: %w has this name, and the statement needs it", Visible(name), ErrParam), "--param " + Visible(name) + "=…, or in the shell .param " + Visible(name) + "=…"}
		}
	}
	return nil
}

// ParamsOf returns those of parameters that a statement has.
func ParamsOf(statement string, params []Param) (used []Param) {
	for _, p := range params {
		if slices.Contains(paramNames(statement), p.Name) {
			used = append(used, p)
		}
	}
	return used
}

// paramNames lists the parameters of a statement that have a name.
func paramNames(statement string) (names []string) {
	for _, t := range tokens(statement) {
		if t.kind == paramToken && t.text[0] != '?' && !slices.Contains(names, t.text[1:]) {
			names = append(names, t.text[1:])
		}
	}
	return names
}

func unusedHint(name string, has []string) string {
	if len(has) == 0 {
		return "write :" + name + ", without quotes, where the value is to stand"
	}
	return "it has :" + strings.Join(has, ", :")
}
