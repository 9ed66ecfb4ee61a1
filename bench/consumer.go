package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed consumer/bare/main.go consumer/ccloud/main.go consumer/sdk/main.go
var consumers embed.FS

// burden is the cost of the imports of a program.
type burden struct {
	Name    string
	Modules []string      // linked, the program's own left out
	Sums    int           // lines of go.sum
	Graph   int           // modules in the build list, the program's own left out
	Size    int64         // bytes
	Build   time.Duration // of the first one with an empty cache, of the others with what that one needs in it
	Again   time.Duration // with a warm cache, so linking; the median of three, or in a quick run of one
}

const sdkModule = "github.com/integrations-go/sdk"

// consume builds the consumers in modules of their own. Without cold it leaves out the build that
// begins with little in the cache.
func consume(ctx context.Context, cold bool) ([]burden, error) {
	root, err := sdkFolder(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "consumer")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var all []burden
	for _, c := range []struct{ folder, name, require string }{
		{"bare", nameBare, ""},
		{"ccloud", nameCcloud, "require github.com/confluentinc/ccloud-sdk-go-v2/provider-integration v0.2.0\n"},
		{"sdk", nameSDK, fmt.Sprintf("require %s v0.1.0\nreplace %s => %s\n", sdkModule, sdkModule, root)},
	} {
		cache := ""
		if cold {
			// What the first one needs is there for the others, so that their times are their own.
			cache = filepath.Join(dir, "cache-"+c.folder)
			if len(all) > 0 {
				if err := os.CopyFS(cache, os.DirFS(filepath.Join(dir, "cache-bare"))); err != nil {
					return nil, err
				}
			}
		}
		b, err := build(ctx, filepath.Join(dir, c.folder), c.folder, c.require, cache)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		b.Name = c.name
		all = append(all, b)
	}
	return all, nil
}

func build(ctx context.Context, dir, folder, require, cache string) (b burden, err error) {
	source, err := consumers.ReadFile("consumer/" + folder + "/main.go")
	if err != nil {
		return b, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return b, err
	}
	program := filepath.Join(dir, "program")
	run := func(env string, args ...string) (time.Duration, []byte, error) {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -buildvcs=false -trimpath", env)
		var out, complaint bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaint
		begin := time.Now()
		if err := cmd.Run(); err != nil {
			return 0, nil, fmt.Errorf("go %s: %w\n%s", args[0], err, complaint.Bytes())
		}
		return time.Since(begin), out.Bytes(), nil
	}
	module := "module example.test/consumer\n\ngo 1.26.0\n\n" + require
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o600))
	if err != nil {
		return b, err
	}
	if _, _, err = run("", "mod", "tidy"); err != nil {
		return b, err
	}
	if _, _, err = run("", "build", "-o", program, "."); err != nil {
		return b, err
	}
	if cache != "" {
		if err := os.Remove(program); err != nil {
			return b, err
		}
		if b.Build, _, err = run("GOCACHE="+cache, "build", "-o", program, "."); err != nil {
			return b, err
		}
	}
	var again []float64
	times := 3
	if cache == "" {
		times = 1
	}
	for range times {
		if err := os.Remove(program); err != nil {
			return b, err
		}
		took, _, err := run("", "build", "-o", program, ".")
		if err != nil {
			return b, err
		}
		again = append(again, float64(took))
	}
	b.Again = time.Duration(spreadOf(again).median)
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return b, err
	}
	for _, m := range info.Deps {
		b.Modules = append(b.Modules, m.Path)
	}
	stat, err := os.Stat(program)
	if err != nil {
		return b, err
	}
	b.Size = stat.Size()
	if sums, err := os.ReadFile(filepath.Join(dir, "go.sum")); err == nil {
		b.Sums = bytes.Count(sums, []byte("\n"))
	} else if !errors.Is(err, os.ErrNotExist) {
		return b, err
	}
	_, list, err := run("", "list", "-m", "-f", "{{.Path}}", "all")
	b.Graph = len(strings.Fields(string(list))) - 1
	return b, err
}
