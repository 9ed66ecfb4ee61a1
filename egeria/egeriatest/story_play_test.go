package egeriatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// exchange is a step and its response, without parts that differ between runs. testdata/recorded
// has exchanges.
type exchange struct {
	Name        string            `json:"name"`
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	BodyType    string            `json:"bodyType,omitempty"`
	Body        string            `json:"body,omitempty"`
	Auth        string            `json:"auth"`
	Status      int               `json:"status"`
	ContentType string            `json:"contentType"`
	Header      map[string]string `json:"header,omitempty"`
	Response    string            `json:"response"`
}

// stage is a platform, real or fake, on which the story runs.
type stage struct {
	url            string
	dialect        int
	user, password string
	home           string   // a folder of the platform that must not be recorded, or ""
	without        []string // the values of storyStep.needs that it lacks
	restart        func() error
	report         func(storyStep, *http.Request, *http.Response, string) // receives each raw exchange; may be nil
	recorded       bool                                                   // omits the steps that are not recorded

	token, stale string
}

// withUser adds users/{userId} to a path of dialect 4.
func withUser(path, user string) string {
	for _, service := range []string{"/admin-services/", "/platform-services/", "/integration-daemon/"} {
		if before, after, ok := strings.Cut(path, service); ok {
			return before + service + "users/" + user + "/" + after
		}
	}
	return path
}

// play runs the story and returns its exchanges, in order. It omits steps whose needs the platform
// lacks.
func (s *stage) play(ctx context.Context) ([]exchange, error) {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // also no proxy
		Timeout:       3 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var played []exchange
	for _, step := range story() {
		if step.only != 0 && step.only != s.dialect || slices.Contains(s.without, step.needs) || s.recorded &&
			step.unrecorded {
			continue
		}
		if step.restart {
			s.stale, s.token = s.token, ""
			if err := s.restart(); err != nil {
				return played, fmt.Errorf("%s: restart: %w", step.name, err)
			}
		}
		got, err := s.ask(ctx, client, step)
		if err != nil {
			return played, fmt.Errorf("%s: %w", step.name, err)
		}
		played = append(played, got)
	}
	return played, nil
}

func (s *stage) ask(ctx context.Context, client *http.Client, step storyStep) (exchange, error) {
	path, verbatim := strings.CutPrefix(step.path, "!")
	if !verbatim && s.dialect == 4 {
		path = withUser(path, s.user)
	}
	version := "V2.0"
	if s.dialect == 6 {
		version = "V6.0"
	}
	body := strings.NewReplacer("{platform}", s.url, "{version}", version, "{user}", s.user, "{password}",
		s.password).Replace(step.body)
	req, err := http.NewRequestWithContext(ctx, step.method, s.url+path, strings.NewReader(body))
	if err != nil {
		return exchange{}, err
	}
	kind := step.kind
	if kind == "" && body != "" {
		kind = "application/json"
	}
	if kind = strings.TrimPrefix(kind, "-"); kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("User-Agent", "story")
	if err := s.authorize(ctx, client, req, step.auth); err != nil {
		return exchange{}, err
	}
	resp, text, err := send(client, req)
	if err != nil {
		return exchange{}, err
	}
	if s.report != nil {
		s.report(step, req, resp, text)
	}
	got := exchange{
		Name: step.name, Method: step.method, Path: s.steady(path), BodyType: kind, Body: step.body, Auth: step.auth,
		Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Response: s.steady(text),
	}
	if got.Auth == "" {
		got.Auth = "good"
	}
	for _, name := range []string{"WWW-Authenticate", "Allow", "Cache-Control", "Location"} {
		if value := resp.Header.Get(name); value != "" {
			if got.Header == nil {
				got.Header = map[string]string{}
			}
			got.Header[name] = s.steady(value)
		}
	}
	if allow, ok := got.Header["Allow"]; ok {
		methods := strings.Split(strings.ReplaceAll(allow, " ", ""), ",")
		slices.Sort(methods)
		got.Header["Allow"] = strings.Join(methods, ", ")
	}
	return got, nil
}

// authorize logs in if a token is required. Dialect 4 does not authenticate the user in the path,
// so only invalid credentials are sent.
func (s *stage) authorize(ctx context.Context, client *http.Client, req *http.Request, auth string) error {
	switch {
	case auth == "none":
	case auth == "bad":
		req.Header.Set("Authorization", "Bearer not-a-token")
	case s.dialect == 4:
	case auth == "stale":
		req.Header.Set("Authorization", "Bearer "+s.stale)
	default:
		if s.token == "" || auth == "fresh" {
			login, err := json.Marshal(map[string]string{"userId": s.user, "password": s.password})
			if err != nil {
				return err
			}
			ask, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api/token", bytes.NewReader(login))
			if err != nil {
				return err
			}
			ask.Header.Set("Content-Type", "application/json")
			resp, text, err := send(client, ask)
			if err != nil {
				return err
			}
			if resp.StatusCode != http.StatusOK || !jwt.MatchString(text) {
				return fmt.Errorf("login: %s", resp.Status)
			}
			s.token = strings.TrimSpace(text)
		}
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	return nil
}

func send(client *http.Client, req *http.Request) (*http.Response, string, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp, string(text), err
}
