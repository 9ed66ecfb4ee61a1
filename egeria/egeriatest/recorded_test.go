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

// TestRecorded plays the story on the fake. It has to answer as the platform of that release did, but for what isBeyond says.
func TestRecorded(t *testing.T) {
	for _, version := range []string{"4.0", "4.2"} {
		t.Run(version, func(t *testing.T) {
			recorded, err := readRecorded(version)
			if err != nil {
				t.Fatal(err)
			}
			s := NewServer(t, WithRelease(version), WithoutSecurity(), WithEncryptedStore())
			platform := &stage{
				url: s.URL, dialect: 4, user: s.User, password: s.Password, without: []string{"daemon", "services"},
				restart: func() error { s.Restart(); return nil },
				report:  func(step storyStep, _ *http.Request, _ *http.Response, _ string) { s.makeUp(step.name, recorded) },
			}
			played, err := platform.play(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			unknown := map[string]bool{} // steps that the fake has no operation for
			for i, c := range slices.DeleteFunc(s.Calls(), func(c Call) bool { return c.Operation == "createToken" }) {
				unknown[played[i].Name] = c.Operation == ""
			}
			answered := map[string]exchange{}
			for _, e := range played {
				answered[e.Name] = normal(e)
			}
			var want, got []exchange
			for _, e := range recorded {
				now, ok := answered[e.Name]
				e = normal(e)
				switch {
				case isBeyond(e) && !unknown[e.Name]:
					t.Errorf("%s is not beyond the fake", e.Name)
				case isBeyond(e):
				case ok:
					want, got = append(want, e), append(got, now)
				default:
					want = append(want, e)
				}
			}
			for _, difference := range differences(want, got) {
				t.Error(difference)
			}
			if len(recorded) != len(played) || len(want) < 200 {
				t.Errorf("%d steps recorded, %d played, %d compared", len(recorded), len(played), len(want))
			}
			t.Logf("%d steps recorded, %d compared", len(recorded), len(want))
		})
	}
}

// beyond are the ends of paths that the story asks for and that are not among the operations of this package.
var beyond = []string{
	"/server-origin", "/server-platform-origin", "/server-url-root?url=https://old.example:9443", "/server-type-classification", "/event-bus",
	"/event-bus?topicURLRoot=egeria", "/audit-log-destinations", "/servers/properties1/integration-services",
	"/local-repository/mode/in-memory-repository", "/servers/store1/services",
	"/governance-services", "/common-services", "/stores/connection",
}

// isBeyond tells whether a step is nothing that the fake has to answer.
func isBeyond(e exchange) bool {
	return e.Method == http.MethodOptions || e.Method == http.MethodHead ||
		strings.Contains(e.Path, "/admin-services/") && (strings.HasSuffix(e.Path, "/instance/configuration") ||
			e.Method == http.MethodDelete && strings.HasSuffix(e.Path, "/servers/store2")) ||
		slices.ContainsFunc(beyond, func(end string) bool { return strings.HasSuffix(e.Path, end) })
}

var title = regexp.MustCompile(`<title>(.*)</title>`)

// normal is an exchange without what may differ: prose for people, the order of documents, how the console is
// described, and the looks of a page.
func normal(e exchange) exchange {
	var members any
	if json.Unmarshal([]byte(e.Response), &members) == nil {
		e.Response = string(fakehttp.Raw(plain(members)))
	} else if found := title.FindString(e.Response); found != "" {
		e.Response = found
	}
	return e
}

func plain(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = plain(value[i])
		}
	case map[string]any:
		for name, member := range value {
			switch name {
			case "exceptionSystemAction", "exceptionUserAction":
				value[name] = member != ""
			case "auditLogConnections":
				value[name] = member != nil
			case "omagserverConfigs":
				list, _ := member.([]any)
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(serverOf(a), serverOf(b)) })
				value[name] = plain(member)
			default:
				value[name] = plain(member)
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

// makeUp does for the fake what steps did to the platform that the fake has no operation for.
func (s *Server) makeUp(step string, recorded []exchange) {
	audit := func(doc fakehttp.Object, line string) {
		doc["auditTrail"] = fakehttp.Raw(append(auditTrail(doc), "Sat Jan 01 00:00:00 UTC 2000 "+storyUser+" "+line))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch doc := s.documents["properties1"]; step {
	case "set server-url-root?url=https://old.example:9443":
		doc["localServerURL"] = fakehttp.Raw("https://old.example:9443")
		audit(doc, "updated configuration for local server's URL root to https://old.example:9443.")
	case "set the event bus":
		audit(doc, "updated configuration for default event bus.")
	case "delete the event bus":
		audit(doc, "deleted configuration for default event bus.")
	case "groups of server %2E%2E":
		delete(s.documents, "..") // its file is not where the platform looks when it lists documents
	case "give it a repository":
		s.documents["store1"] = documentIn("running document", recorded)
	case "keep documents as clear text":
		s.encrypted = false
	case "keep documents encrypted again":
		s.encrypted = true
	case "put to be removed":
		if s.documents["store2"] = documentIn("document after removal by the older path", recorded); !s.release.since("4.2") {
			s.documents["store2"] = documentIn("running document", recorded)
		}
	case "remove by the older path":
		s.instances["store2"].stop(s.config.Now())
		if !s.release.since("4.2") {
			delete(s.documents, "store2")
		}
	}
}

func documentIn(step string, recorded []exchange) fakehttp.Object {
	var reply struct{ OMAGServerConfig fakehttp.Object }
	for _, e := range recorded {
		if e.Name == step && json.Unmarshal([]byte(e.Response), &reply) != nil {
			panic("no document")
		}
	}
	return reply.OMAGServerConfig
}
