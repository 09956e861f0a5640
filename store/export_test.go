package store

// SetRows makes every step of a pruner take so many rows at most.
func (p *Pruner) SetRows(n int64) {
	for _, pace := range p.paces {
		pace.rows = min(n, pace.rows)
	}
}
