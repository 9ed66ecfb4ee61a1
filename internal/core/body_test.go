package core

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBodyIsReadWholeWhateverItsLengthClaims(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, minRead - 1, minRead, minRead + 1, 4096, maxPooled, maxPooled + 1} {
		text := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		for _, length := range []int64{-1, 0, 1, int64(size), int64(size) + 100} {
			for _, r := range []io.Reader{bytes.NewReader(text), iotest.DataErrReader(bytes.NewReader(text)),
				iotest.HalfReader(bytes.NewReader(text))} {
				b, err := readBody(newResponse(httpResponse(r, length)), 4<<20, false)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(text, b.b), "size %d, length %d", size, length)
				b.Close()
			}
		}
	}
}

func TestLengthThatLiesTakesNoMemory(t *testing.T) {
	t.Parallel()
	b, err := readBody(newResponse(httpResponse(strings.NewReader("x"), 1<<40)), 1<<41, false)
	require.NoError(t, err)
	assert.LessOrEqual(t, cap(b.b), maxPooled+minRead)
	assert.Equal(t, "x", string(b.b))
}

func TestErrorWhileReadingKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ err, want error }{{io.ErrUnexpectedEOF, errTruncated},
		{io.ErrClosedPipe, io.ErrClosedPipe}} {
		b, err := readBody(newResponse(httpResponse(io.MultiReader(strings.NewReader("part"), iotest.ErrReader(c.err)),
			-1)), 100, false)
		require.ErrorIs(t, err, c.want)
		require.ErrorIs(t, err, c.err)
		assert.Equal(t, "part", string(b.b))
	}
}

func TestBufferClosedTwiceFreesNobodyElsesMemory(t *testing.T) {
	t.Parallel()
	a, err := readBody(newResponse(httpResponse(strings.NewReader("first"), 5)), 100, false)
	require.NoError(t, err)
	require.NoError(t, a.Close())
	b, err := readBody(newResponse(httpResponse(strings.NewReader("second"), 6)), 100, false)
	require.NoError(t, err)
	require.NoError(t, a.Close())
	c, err := readBody(newResponse(httpResponse(strings.NewReader("third"), 5)), 100, false)
	require.NoError(t, err)
	assert.Equal(t, "second", string(b.b))
	assert.Equal(t, "third", string(c.b))
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	require.NoError(t, iotest.TestReader(b, []byte("second")))
}

func TestMemoryIsNotSharedBetweenResponses(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			want := strings.Repeat(fmt.Sprintf("%02d", g), 10+g*50)
			for range 50 {
				b, err := readBody(newResponse(httpResponse(iotest.HalfReader(strings.NewReader(want)), -1)), 1<<20,
					false)
				if assert.NoError(t, err) {
					assert.Equal(t, want, string(b.b))
					b.Close()
					b.Close()
				}
			}
		})
	}
	wg.Wait()
}

func FuzzReadBody(f *testing.F) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := io.WriteString(w, strings.Repeat("zipped ", 1000))
	require.NoError(f, err)
	require.NoError(f, w.Close())
	f.Add(z.Bytes(), int64(-1), 100)
	f.Add(z.Bytes()[:30], int64(30), 10000)
	f.Add([]byte("{}"), int64(2), 2)
	f.Fuzz(func(t *testing.T, body []byte, length int64, limit int) {
		limit = limit&0xffff + 1
		b, err := readBody(newResponse(httpResponse(bytes.NewReader(body), length)), int64(limit), false)
		defer func() { b.Close() }()
		if err == nil {
			assert.LessOrEqual(t, len(b.b), limit)
		} else {
			require.ErrorAs(t, err, new(*tooLargeError))
		}
		if r, zipErr := gzip.NewReader(bytes.NewReader(body)); zipErr == nil && len(body) <= limit &&
			length <= int64(limit) {
			plain, zipErr := io.ReadAll(io.LimitReader(r, int64(limit)+1))
			switch {
			case len(plain) > limit:
				require.Error(t, err)
			case zipErr == nil:
				assert.True(t, bytes.Equal(plain, b.b))
			default:
				assert.True(t, bytes.Equal(body, b.b), "what can't be undone stays")
			}
		} else if err == nil {
			assert.True(t, bytes.Equal(body, b.b))
		}
	})
}

func TestDeclaredEncodingIsLeftAlone(t *testing.T) {
	t.Parallel()
	resp := httpResponse(strings.NewReader("\x1f\x8bxyz"), -1)
	resp.Header.Set("Content-Encoding", "br")
	b, err := readBody(newResponse(resp), 100, false)
	require.NoError(t, err)
	assert.Equal(t, "\x1f\x8bxyz", string(b.b))
}

func TestHeaderOfWhatIsDecompressedSaysSoAndTheTransportKeepsItsOwn(t *testing.T) {
	t.Parallel()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := io.WriteString(w, "{}")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	resp := httpResponse(&z, int64(z.Len()))
	resp.Header.Set("Content-Encoding", "x-gzip")
	resp.Header.Set("Content-Length", "26")
	b, err := readBody(newResponse(resp), 100, false)
	require.NoError(t, err)
	assert.Equal(t, "{}", string(b.b))
	assert.Empty(t, b.resp.Header)
	assert.True(t, b.resp.Uncompressed)
	assert.Len(t, resp.Header, 2)
}

func TestLargeBodyTakesLittleMoreMemoryThanItsSize(t *testing.T) {
	const size = 16 << 20
	text := strings.Repeat("x", size)
	for _, length := range []int64{-1, 100, size} {
		allocated := allocatedBy(func() {
			b, err := readBody(newResponse(httpResponse(strings.NewReader(text), length)), 1<<30, false)
			require.NoError(t, err)
			assert.Len(t, b.b, size)
		})
		assert.LessOrEqual(t, allocated, uint64(2*size+(4<<20)), "length %d", length)
	}
}

// allocatedBy returns the number of bytes that f allocates, including garbage.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
