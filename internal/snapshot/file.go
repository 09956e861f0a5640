package snapshot

import (
	"net/url"
	"path/filepath"
)

// writingDSN names a file to the driver that only this process knows of, and
// that is thrown away when something fails: it needs no journal, and is synced
// once, when it is whole.
func writingDSN(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	q := url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "cache_size(-65536)", "trusted_schema(0)", "cell_size_check(1)", "temp_store(MEMORY)"}, "_dqs": {"0"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}
