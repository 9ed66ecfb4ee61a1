package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

// redis is a server of our own, without a file that it would remember things in.
type redis struct {
	program, address, dir string
	cmd                   *exec.Cmd
}

func startRedis(ctx context.Context, program string) (*redis, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &redis{program: program, address: l.Addr().String()}
	if err := l.Close(); err != nil {
		return nil, err
	}
	if r.dir, err = os.MkdirTemp("", "redis"); err != nil {
		return nil, err
	}
	if err := r.start(ctx); err != nil {
		r.end()
		return nil, err
	}
	return r, nil
}

// start returns when Redis listens.
func (r *redis) start(ctx context.Context) error {
	host, port, err := net.SplitHostPort(r.address)
	if err != nil {
		return err
	}
	r.cmd = exec.CommandContext(ctx, r.program,
		"--bind", host, "--port", port, "--dir", r.dir, "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		return err
	}
	for range 100 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("redis-server does not listen")
}

func (r *redis) kill() {
	if r.cmd != nil && r.cmd.Process != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
	r.cmd = nil
}

func (r *redis) end() {
	r.kill()
	_ = os.RemoveAll(r.dir)
}

// throughRedis lets the processes share a limiter: twice in peace, and once with Redis gone in the
// middle half of the time.
func throughRedis(ctx context.Context, server *server, s settings, result *result) error {
	for _, name := range []string{nameShared, nameToldAll, nameKilled} {
		r, err := startRedis(ctx, s.redis)
		if err != nil {
			return fmt.Errorf("no shared limiter without Redis: %w", err)
		}
		t := team{processes: processes, client: name, redis: r.address}
		if name == nameKilled {
			t.client = nameToldAll
			t.during = func() error {
				time.Sleep(s.limitTime / 4)
				r.kill()
				time.Sleep(s.limitTime / 2)
				return r.start(ctx)
			}
		}
		one := t.play(ctx, server, s.limitTime)
		one.client = name
		result.addRun(&result.shared, one)
		r.end()
	}
	return nil
}
