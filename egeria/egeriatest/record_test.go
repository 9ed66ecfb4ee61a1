//go:build live

package egeriatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var record = flag.Bool("record", false,
	"write what the platform answers to testdata/recorded instead of comparing with it")

// TestRecord runs the story on the platform at EGERIA_LIVE_URL, logs every raw exchange, and
// compares it with the recording of the release.
func TestRecord(t *testing.T) {
	url, version := os.Getenv("EGERIA_LIVE_URL"), os.Getenv("EGERIA_LIVE_VERSION")
	if url == "" || version == "" {
		t.Fatal("EGERIA_LIVE_URL and EGERIA_LIVE_VERSION are not set: egeria/live/platform sets them")
	}
	dialect, err := strconv.Atoi(os.Getenv("EGERIA_LIVE_DIALECT"))
	if err != nil || dialect != 4 && dialect != 6 {
		t.Fatalf("EGERIA_LIVE_DIALECT is %q, not 4 or 6", os.Getenv("EGERIA_LIVE_DIALECT"))
	}
	s := &stage{
		url: url, dialect: dialect, user: os.Getenv("EGERIA_LIVE_USER"), password: os.Getenv("EGERIA_LIVE_PASSWORD"),
		home: os.Getenv("EGERIA_LIVE_HOME"), without: strings.Fields(os.Getenv("EGERIA_LIVE_WITHOUT")),
		restart: func() error { return restartLive(t.Context()) },
	}
	s.report = func(step storyStep, req *http.Request, resp *http.Response, text string) {
		t.Logf("%s\n> %s %s\n> %s\n< %s %s\n< %s", step.name, req.Method, req.URL.RequestURI(), redact(s, step.body),
			resp.Status, resp.Header.Get("Content-Type"), redact(s, text))
	}
	played, err := s.play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d exchanges with Egeria %s", len(played), version)
	if len(s.without) > 0 {
		t.Logf("not played, as this platform has none: %s", strings.Join(s.without, ", "))
	}
	if missing := missingClass(t, s.home); missing != "" {
		t.Fatalf("the platform lacks a part that the story uses, so that its answers are not those of a whole one: %s",
			missing)
	}
	if *record {
		if err := writeRecorded(version, played); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded, err := readRecorded(version)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("there is no recording of %s: make one with -record", version)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range differences(recorded, played) {
		t.Error(difference)
	}
	if unknown := len(played) - len(recorded); unknown > 0 {
		t.Logf("%d steps are not in the recording", unknown)
	}
}

// missingClass searches the log of a platform that was built here for signs of a missing module.
func missingClass(t *testing.T, home string) string {
	if home == "" {
		return ""
	}
	log, err := os.ReadFile(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?:NoClassDefFoundError|ClassNotFoundException)[^\n]*`).FindString(string(log))
}

// redact removes tokens and the password from the log.
func redact(s *stage, text string) string {
	text = jwt.ReplaceAllString(text, "JWT")
	if s.password != "" {
		text = strings.ReplaceAll(text, s.password, "PASSWORD")
	}
	return text
}

func restartLive(ctx context.Context) error {
	command := os.Getenv("EGERIA_LIVE_RESTART")
	if command == "" {
		return errors.New("EGERIA_LIVE_RESTART is not set")
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", command)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

func writeRecorded(version string, played []exchange) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(played); err != nil {
		return err
	}
	return os.WriteFile(recordedPath(version), out.Bytes(), 0o644)
}
