package egeriatest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// recordedPlatform describes the configuration of a recorded platform.
type recordedPlatform struct {
	dialect int
	without []string
	options []Option
}

func recordedPlatforms() map[string]recordedPlatform {
	platform4 := recordedPlatform{4, []string{"daemon", "services"}, []Option{WithoutSecurity(), WithEncryptedStore()}}
	return map[string]recordedPlatform{"4.0": platform4, "4.2": platform4, "5.3": {dialect: 4}, "6.1": {dialect: 6}}
}

// TestRecorded runs the story on the fake. It must respond like the platform of that release,
// except for the accepted differences.
func TestRecorded(t *testing.T) {
	differ := map[string]bool{}
	for version, platform := range recordedPlatforms() {
		t.Run(version, func(t *testing.T) {
			recorded, err := readRecorded(version)
			if err != nil {
				t.Fatal(err)
			}
			s := NewServer(t, append([]Option{WithRelease(version)}, platform.options...)...)
			played, err := (&stage{
				url: s.URL, dialect: platform.dialect, user: s.User, password: s.Password, without: platform.without,
				restart: func() error { s.Restart(); return nil },
				report: func(step storyStep, _ *http.Request, _ *http.Response, _ string) {
					if step.name == "groups of server %2E%2E" {
						s.forget("..")
					}
				},
			}).play(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answered := map[string]exchange{}
			for _, e := range played {
				answered[e.Name] = normal(version, e)
			}
			var want, got []exchange
			for _, e := range recorded {
				now, ok := answered[e.Name]
				e = normal(version, e)
				switch {
				case ok && accepted[e.Name] != "":
					differ[e.Name] = differ[e.Name] || len(differences([]exchange{e}, []exchange{now})) > 0
				case ok:
					want, got = append(want, e), append(got, now)
				default:
					want = append(want, e)
				}
			}
			for _, difference := range differences(want, got) {
				t.Error(difference)
			}
			if len(want) < 270 {
				t.Errorf("%d steps recorded, %d played, %d compared", len(recorded), len(played), len(want))
			}
			t.Logf("%d steps recorded, %d compared", len(recorded), len(want))
			unrecorded(t, recorded, played)
		})
	}
	for name := range accepted {
		if !differ[name] {
			t.Errorf("%s: an accepted difference, but there is none", name)
		}
	}
}

// unrecorded checks that steps without a recording are marked.
func unrecorded(t *testing.T, recorded, played []exchange) {
	t.Helper()
	known := map[string]bool{}
	for _, e := range recorded {
		known[e.Name] = true
	}
	marked := map[string]bool{}
	for _, step := range story() {
		marked[step.name] = step.unrecorded
	}
	for _, e := range played {
		if known[e.Name] == marked[e.Name] {
			t.Errorf("%s: recorded: %t, marked as not recorded: %t", e.Name, known[e.Name], marked[e.Name])
		}
	}
}

// accepted are the steps whose responses differ from the recordings, with the reason.
var accepted = map[string]string{
	"public information": "the texts are settings of a platform",
}

var title = regexp.MustCompile(`<title>(.*)</title>`)

// normal returns an exchange without parts that may differ: descriptive texts, the order of
// documents, the description of the console in 4.x, and the layout of a page.
func normal(version string, e exchange) exchange {
	var members any
	if json.Unmarshal([]byte(e.Response), &members) == nil {
		e.Response = string(fakehttp.Raw(plain(members, version < "5.0")))
	} else if found := title.FindString(e.Response); found != "" {
		e.Response = found
	}
	return e
}

func plain(value any, isOldRelease bool) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = plain(value[i], isOldRelease)
		}
	case map[string]any:
		for name, member := range value {
			switch name {
			case "exceptionSystemAction", "exceptionUserAction":
				value[name] = member != ""
			case "auditLogConnections", "connections":
				if isOldRelease {
					member = member != nil
				}
				value[name] = plain(member, isOldRelease)
			case "omagserverConfigs":
				list, _ := member.([]any)
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(serverOf(a), serverOf(b)) })
				value[name] = plain(member, isOldRelease)
			default:
				value[name] = plain(member, isOldRelease)
			}
		}
	}
	return value
}

func serverOf(document any) string {
	members, _ := document.(map[string]any)
	name, _ := members["localServerName"].(string)
	return name
}

// forget removes a document whose file is not in the folder that the platform lists.
func (s *Server) forget(server string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.documents, server)
}
