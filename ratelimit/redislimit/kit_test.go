package redislimit

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// secret is the credential of all budgets. No output may show it.
const secret = "s3cr3t-c0ffee"

func TestMain(m *testing.M) {
	if job := os.Getenv("REDISLIMIT_TEST_WORKER"); job != "" {
		runWorker(job)
		return
	}
	code := m.Run()
	if shared.err == nil && shared.server != nil {
		shared.server.kill()
	}
	os.Exit(code)
}

type redisServer struct {
	addr string
	dir  string
	args []string
	cmd  *exec.Cmd
}

// launch starts a redis-server on a free port, without anything on disk.
func launch(dir string, args ...string) (*redisServer, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &redisServer{addr: free.Addr().String(), dir: dir, args: args}
	free.Close()
	return s, s.start()
}

func (s *redisServer) start() error {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("these tests need redis-server, which is missing: install it with "+
			"`apt-get install redis-server` (Debian, Ubuntu) or `brew install redis` (macOS): %w", err)
	}
	_, port, _ := net.SplitHostPort(s.addr)
	args := append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--save", "", "--appendonly", "no",
	}, s.args...)
	s.cmd = exec.Command(path, args...)
	var out strings.Builder
	s.cmd.Stdout, s.cmd.Stderr = &out, &out
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for range 500 {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			fmt.Fprint(conn, "PING\r\n") // With a password set, the answer is NOAUTH.
			line, err := bufio.NewReader(conn).ReadString('\n')
			conn.Close()
			if err == nil && (strings.HasPrefix(line, "+PONG") || strings.HasPrefix(line, "-NOAUTH")) {
				return nil
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.kill()
	return fmt.Errorf("redis-server does not answer: %s", out.String())
}

// kill sends SIGKILL to the server.
func (s *redisServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func startRedis(t testing.TB, args ...string) *redisServer {
	t.Helper()
	s, err := launch(t.TempDir(), args...)
	require.NoError(t, err)
	t.Cleanup(func() { s.kill() })
	return s
}

var shared struct {
	once   sync.Once
	server *redisServer
	err    error
}

// sharedRedis returns the address of one server for all tests that do not stop it.
func sharedRedis(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		shared.server, shared.err = launch(os.TempDir())
	})
	require.NoError(t, shared.err)
	return shared.server.addr
}

var credentials sync.Map // by testing.TB, so that the second run of a test has another budget

func credentialOf(t testing.TB) string {
	c, _ := credentials.LoadOrStore(t, secret+rand.Text())
	return c.(string)
}

func keyOf(t testing.TB) Key { return NewKey("api.example", credentialOf(t)) }

// longTimeout is a timeout for a busy machine. Tests of the timeout set another one after it.
const longTimeout = 5 * time.Second

// open returns a Limiter for the budget of this test.
func open(t testing.TB, addr string, opts ...Option) *Limiter {
	t.Helper()
	quiet := WithLogger(slog.New(slog.DiscardHandler))
	defaults := []Option{WithTimeout(longTimeout), quiet}
	l, err := Open(t.Context(), "redis://"+addr, keyOf(t), append(defaults, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	return l
}

func acquire(t testing.TB, l *Limiter) ratelimit.Permit {
	t.Helper()
	p, err := l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	return p
}

// waitReported makes l report all responses, and waits until it has.
func waitReported(t testing.TB, l *Limiter) {
	t.Helper()
	l.mu.Lock()
	l.reportAt = l.now()
	l.schedule(l.now())
	l.mu.Unlock()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.visiting == nil && len(l.unreported) == 0 && !l.freed
	}, 5*time.Second, time.Millisecond)
}

// exchange sends one request, whose response resp arrives at once, and waits until it is reported.
func exchange(t testing.TB, l *Limiter, resp *http.Response) {
	t.Helper()
	p := acquire(t, l)
	l.Observe(p, resp)
	l.Release(p)
	waitReported(t, l)
}

// waitFor returns how long the next request waits.
func waitFor(t testing.TB, l *Limiter) time.Duration {
	t.Helper()
	start := time.Now()
	p := acquire(t, l)
	took := time.Since(start)
	l.Release(p)
	return took
}

// loadTolerance is the time that a loaded machine may add to a wait in real time.
const loadTolerance = 2 * time.Second

// httpResponse returns a response with the headers, which are pairs of a name and a value.
func httpResponse(status int, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// windowResponse returns a 200 with Confluent's headers. If reset has a fraction, the limiter adds
// no second for rounding.
func windowResponse(limit, remaining int, reset float64) *http.Response {
	return httpResponse(http.StatusOK,
		"X-RateLimit-Limit", strconv.Itoa(limit),
		"X-RateLimit-Remaining", strconv.Itoa(remaining),
		"X-RateLimit-Reset", strconv.FormatFloat(reset, 'f', -1, 64))
}

// windowServer is a server with fixed windows.
type windowServer struct {
	*httptest.Server
	limit int
	every time.Duration
	reset func(end time.Time) string

	mu           sync.Mutex
	start        time.Time // of the window of the first request
	accepted     []int     // per window
	refused      []int
	acceptedFrom map[string]int
	inFlight     int
	maxInFlight  int
	until        time.Time // requests after this time are not in maxInFlight
	hold         time.Duration
}

func newWindowServer(t testing.TB, limit int, every time.Duration) *windowServer {
	s := &windowServer{limit: limit, every: every, acceptedFrom: map[string]int{}, reset: func(end time.Time) string {
		return strconv.FormatFloat(time.Until(end).Seconds(), 'f', 6, 64)
	}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *windowServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	now := time.Now()
	if s.start.IsZero() {
		s.start = now.Add(-s.every / 10)
	}
	n := int(now.Sub(s.start) / s.every)
	for len(s.accepted) <= n {
		s.accepted, s.refused = append(s.accepted, 0), append(s.refused, 0)
	}
	status := http.StatusOK
	if s.accepted[n] < s.limit {
		s.accepted[n]++
		s.acceptedFrom[r.Header.Get("From")]++
	} else {
		s.refused[n]++
		status = http.StatusTooManyRequests
	}
	h := w.Header()
	h["Date"] = nil
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.limit-s.accepted[n]))
	h.Set("X-RateLimit-Reset", s.reset(s.start.Add(time.Duration(n+1)*s.every)))
	s.inFlight++
	if now.Before(s.until) {
		s.maxInFlight = max(s.maxInFlight, s.inFlight)
	}
	hold := s.hold
	s.mu.Unlock()
	time.Sleep(hold)
	w.WriteHeader(status)
	s.mu.Lock()
	s.inFlight--
	s.mu.Unlock()
}

// check asserts that no request was refused, and that the full windows, all but the first and the
// last, were used.
func (s *windowServer) check(t testing.TB) {
	t.Helper()
	s.Close() // waits for the last requests
	t.Logf("accepted per window: %v, refused: %v", s.accepted, s.refused)
	require.Greater(t, len(s.accepted), 3)
	for n := range s.accepted {
		assert.Zero(t, s.refused[n], "window %d", n)
	}
	full := s.accepted[1 : len(s.accepted)-1]
	total := 0
	for _, n := range full {
		total += n
	}
	assert.GreaterOrEqual(t, float64(total), 0.95*float64(s.limit*len(full)))
}

// sendRequests sends requests from so many goroutines until the time has passed.
func sendRequests(
	ctx context.Context, l *Limiter, url, name string, goroutines int, d time.Duration,
) (ok, refused, failed int64) {
	client := &http.Client{Transport: ratelimit.NewTransport(nil, l)}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var counts [3]atomic.Int64
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for ctx.Err() == nil {
				req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
				req.Header.Set("From", name)
				resp, err := client.Do(req)
				switch {
				case ctx.Err() != nil:
				case errors.Is(err, ratelimit.ErrWaitTooLong) && errors.Is(err, context.DeadlineExceeded):
					return // The time is up.
				case err != nil:
					fmt.Fprintln(os.Stderr, err)
					counts[2].Add(1)
				case resp.StatusCode == http.StatusTooManyRequests:
					counts[1].Add(1)
				default:
					counts[0].Add(1)
				}
				if err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				} else if ctx.Err() == nil {
					return
				}
			}
		})
	}
	group.Wait()
	return counts[0].Load(), counts[1].Load(), counts[2].Load()
}

// job holds the arguments of a worker process.
type job struct {
	Redis, Credential, URL, Name string
	Goroutines                   int
	For, Lease                   time.Duration
	MaxInFlight, Hold            int
}

// result holds the counts that a worker process prints.
type result struct{ OK, Refused, Failed int64 }

func runWorker(text string) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	opts := []Option{WithHeaders(ratelimit.Confluent()), WithTimeout(longTimeout)}
	if j.MaxInFlight > 0 {
		opts = []Option{WithMaxInFlight(j.MaxInFlight), WithLease(j.Lease), WithTimeout(longTimeout)}
	}
	l, err := Open(context.Background(), "redis://"+j.Redis, NewKey("api.example", j.Credential), opts...)
	if err != nil {
		panic(err)
	}
	defer l.Close()
	if j.Hold > 0 {
		for range j.Hold {
			if _, err := l.Acquire(context.Background(), nil); err != nil {
				panic(err)
			}
		}
		fmt.Println("holding")
		io.Copy(io.Discard, os.Stdin) // until killed
		return
	}
	var r result
	r.OK, r.Refused, r.Failed = sendRequests(context.Background(), l, j.URL, j.Name, j.Goroutines, j.For)
	json.NewEncoder(os.Stdout).Encode(r)
}

// startProcess starts this test binary again as a worker.
func startProcess(t testing.TB, j job) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	j.Credential = credentialOf(t)
	text, err := json.Marshal(j)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REDISLIMIT_TEST_WORKER="+string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewReader(stdout)
}

// visitCounter counts the scripts that a client sends.
type visitCounter struct{ n atomic.Int64 }

func (c *visitCounter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *visitCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(strings.ToLower(cmd.Name()), "eval") {
			c.n.Add(1)
		}
		return next(ctx, cmd)
	}
}
func (c *visitCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// countVisits counts the visits of l from now on.
func countVisits(t testing.TB, l *Limiter) *atomic.Int64 {
	t.Helper()
	c := new(visitCounter)
	l.client.(*redis.Client).AddHook(c)
	return &c.n
}

// withTimeout returns the context of the test with a deadline after d.
func withTimeout(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
