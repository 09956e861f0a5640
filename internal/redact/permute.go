package redact

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Two values that agree in their first n bits, and differ in the next, become
// two that do the same: each bit is flipped or not by a keyed function of the
// bits before it, as in Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP
// Address Anonymization, 2002). So no two become one, a prefix becomes a prefix,
// and what lay in it lies in it.
//
// Some values must stay recognisable. On the way to a prefix that is kept no bit
// is flipped, so it stays what it is, and nothing else becomes it. The price is
// that of a value beside it the bits that both share stay too.

// A permutation permutes values of some size.
type permutation struct {
	block cipher.Block
	long  []byte // key for values of more bits than a block has
	keeps []kept
}

// kept is a prefix that stays what it is, with all that is in it if it is whole.
type kept struct {
	octets []byte
	length int // in bits
	whole  bool
}

func newPermutation(key []byte, keeps ...kept) *permutation {
	block, err := aes.NewCipher(key[:32])
	if err != nil {
		panic(err) // 32 octets are a key
	}
	return &permutation{block, key[32:64], keeps}
}

// apply permutes the first length bits of a value; those behind become 0.
func (p *permutation) apply(value []byte, length int) []byte {
	out := make([]byte, len(value))
	shared := make([]int, len(p.keeps))
	for i, k := range p.keeps {
		shared[i] = sharedBits(value, k)
	}
	for i := range length {
		mask := byte(0x80) >> (i % 8)
		bit := value[i/8] & mask
		if !p.stays(shared, i) && p.flips(value, i) {
			bit ^= mask
		}
		out[i/8] |= bit
	}
	return out
}

// stays reports whether bit i lies on the way to a kept prefix, or in a whole one.
func (p *permutation) stays(shared []int, i int) bool {
	for n, k := range p.keeps {
		if i < k.length && shared[n] >= i || i >= k.length && k.whole && shared[n] >= k.length {
			return true
		}
	}
	return false
}

// flips tells from the first n bits of a value whether the next is flipped.
func (p *permutation) flips(value []byte, n int) bool {
	if n >= 8*aes.BlockSize-1 {
		return p.flipsLong(value, n)
	}
	// A one and the n bits, at the end of the block: no two inputs are alike.
	var in, out [aes.BlockSize]byte
	setBit(in[:], 8*aes.BlockSize-1-n)
	for i := range n {
		if value[i/8]&(0x80>>(i%8)) != 0 {
			setBit(in[:], 8*aes.BlockSize-n+i)
		}
	}
	p.block.Encrypt(out[:], in[:])
	return out[0]&0x80 != 0
}

func (p *permutation) flipsLong(value []byte, n int) bool {
	h := hmac.New(sha256.New, p.long)
	_ = binary.Write(h, binary.BigEndian, int64(n)) // a hash takes everything
	before := append([]byte{}, value[:(n+7)/8]...)
	if n%8 != 0 {
		before[len(before)-1] &= 0xff << (8 - n%8)
	}
	h.Write(before)
	return h.Sum(nil)[0]&0x80 != 0
}

func setBit(b []byte, i int) { b[i/8] |= 0x80 >> (i % 8) }

// sharedBits counts the bits in which a value begins as a kept prefix does.
func sharedBits(value []byte, k kept) int {
	if len(k.octets) != len(value) {
		return -1 // it is on no way
	}
	for i := range value {
		if d := value[i] ^ k.octets[i]; d != 0 {
			return min(8*i+bits.LeadingZeros8(d), k.length)
		}
	}
	return k.length
}
