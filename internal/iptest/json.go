package iptest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// decode reads JSON that has each key once.
func decode(t TB, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// decodeIP reads the objects that ip prints. It prints the parts of a
// lightweight tunnel behind the key encap among those of the route or hop, of
// which some have the same names; here they are an object of their own, as in
// the views.
func decodeIP(t TB, text string) []row {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := value(d)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	list, _ := v.([]any)
	var rows []row
	for _, object := range list {
		if o, _ := object.(map[string]any); len(o) > 0 {
			rows = append(rows, o)
		}
	}
	return rows
}

// value reads one value, with numbers as json.Number.
func value(d *json.Decoder) (any, error) {
	token, err := d.Token()
	switch token {
	case json.Delim('{'):
		return object(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return token, err
}

// ofEncap are the keys of lightweight tunnels.
var ofEncap = []string{"mode", "segs", "hmac", // seg6
	"action", "srh", "table", "vrftable", "nh4", "nh6", "iif", "oif", "endpoint", "flavors", "lblen", "nflen", // seg6local
	"id", "dst", "src", "ttl", "tos", "hoplimit", "tc", "key", "csum", "seq"} // ip, ip6

func object(d *json.Decoder) (any, error) {
	whole := map[string]any{}
	into := whole
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := value(d)
		if err != nil {
			return nil, err
		}
		key := fmt.Sprint(token)
		if key == "encap" {
			into = map[string]any{}
			whole["encap"] = into
		} else if !slices.Contains(ofEncap, key) {
			into = whole
		}
		into[key] = v
	}
	_, err := d.Token()
	return whole, err
}
