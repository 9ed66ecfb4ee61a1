package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	limited = "/limited" // base path of the API behind a rate limit
	slow    = "/slow"    // base path of the API at latency
	latency = 30 * time.Millisecond
)

// event is one request that came to the limited API.
type event struct {
	At time.Duration // from the first one
	OK bool
}

// ledger lists the requests since the limit was set.
type ledger struct {
	Events []event
	Most   int // at a time
}

// service is the server's side.
type service struct {
	responses *responses

	mu      sync.Mutex
	limit   limit
	budget  budget
	first   time.Time
	current int
	ledger  ledger
}

// describe sets what the vendor's responses carry. The counts are too high to hold anyone back.
func describe(h http.Header) {
	h["Content-Type"] = jsonType
	h["X-Request-Id"] = requestID
	h["X-Ratelimit-Limit"] = plenty
	h["X-Ratelimit-Remaining"] = plenty
	h["X-Ratelimit-Reset"] = minute
}

var (
	jsonType  = []string{"application/json"}
	requestID = []string{"0123456789abcdef0123456789abcdef"}
	plenty    = []string{"2000000000"}
	minute    = []string{"60"}
)

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/control/limit":
		var l limit
		if err := json.NewDecoder(r.Body).Decode(&l); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.limit, s.budget, s.first, s.ledger = l, newBudget(l), time.Time{}, ledger{}
		s.mu.Unlock()
		return
	case path == "/control/ledger":
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(s.ledger)
		return
	case r.Header.Get("Authorization") == "":
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	describe(w.Header())
	if rest, ok := strings.CutPrefix(path, limited); ok {
		path = rest
		if !s.admit(w) {
			return
		}
		defer s.leave()
	} else if rest, ok := strings.CutPrefix(path, slow); ok {
		path = rest
		time.Sleep(latency)
	}
	status, body := s.responses.answer(r.Method, path, r.URL.RawQuery)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// tooMany is the body of a response with status 429.
const tooMany = `{"errors":[{"status":"429","detail":"too many requests"}]}`

// admit counts a request and refuses it, or works on it.
func (s *service) admit(w http.ResponseWriter) bool {
	s.mu.Lock()
	now := time.Now()
	if s.first.IsZero() {
		s.first = now
	}
	at := now.Sub(s.first)
	var ok bool
	h := w.Header()
	if s.budget == nil {
		ok = s.current < s.limit.atOnce(at)
		for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
			h.Del(name) // there is nothing to tell about time
		}
	} else {
		a := s.budget.take(at)
		ok = a.ok
		h.Set("X-Ratelimit-Limit", strconv.Itoa(s.limit.N))
		h.Set("X-Ratelimit-Remaining", strconv.Itoa(a.remaining))
		h.Set("X-Ratelimit-Reset", strconv.Itoa(s.limit.seconds(a.reset)))
		if !ok {
			h.Set("Retry-After", strconv.Itoa(wholeSeconds(a.retry)))
		}
	}
	s.ledger.Events = append(s.ledger.Events, event{at, ok})
	if ok {
		s.current++
		s.ledger.Most = max(s.ledger.Most, s.current)
	}
	service := s.limit.Service
	s.mu.Unlock()
	if ok {
		time.Sleep(service)
		return true
	}
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(w, tooMany)
	return false
}

func (s *service) leave() {
	s.mu.Lock()
	s.current--
	s.mu.Unlock()
}

// addresses are where a server process listens.
type addresses struct {
	Plain, TLS  string
	Certificate []byte // PEM, of TLS
}

// serve is the server process: it writes its addresses to standard output, and ends with its
// standard input.
func serve() error {
	s := &service{responses: newResponses()}
	plain := httptest.NewServer(s)
	defer plain.Close()
	two := httptest.NewUnstartedServer(s)
	two.EnableHTTP2 = true
	two.Config.ErrorLog = log.New(io.Discard, "", 0)
	two.StartTLS()
	defer two.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: two.Certificate().Raw})
	at := addresses{plain.URL, two.URL, certificate}
	if err := json.NewEncoder(os.Stdout).Encode(at); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// server is a server process, apart from the clients so that what it allocates is in no figure of
// theirs.
type server struct {
	addresses
	stop func()
}

func startServer(ctx context.Context) (*server, error) {
	cmd, err := self(ctx, roleServer)
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{stop: func() {
		in.Close()
		_ = cmd.Wait()
	}}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.addresses)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	return s, nil
}

// The processes that the program starts of itself.
const (
	roleVariable = "SDK_BENCH_ROLE"
	roleServer   = "server"
	roleWorker   = "worker"
	roleGoodput  = "goodput"
)

func self(ctx context.Context, role string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func (s *server) control(ctx context.Context, path string, body, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Plain+"/control/"+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("control %s: status %d", path, resp.StatusCode)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// memory is a transport that answers at once.
type memory struct{ responses *responses }

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, err := io.Copy(io.Discard, req.Body)
		if err = errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
	}
	status, body := m.responses.answer(req.Method, req.URL.Path, req.URL.RawQuery)
	h := make(http.Header, 5)
	describe(h)
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}
