package egeriatest

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Server is a running fake of a platform. Create it with [Start] or [NewServer]. Its methods are
// safe for concurrent use.
type Server struct {
	URL      string // base URL of the platform, without a trailing slash
	User     string // an existing user
	Password string // password of User, random for each server

	http     *fakehttp.Server
	config   fakehttp.Config
	release  release
	inverted *bool // nil: the default of the release

	keepUnknown bool
	insecure    bool
	encrypted   bool
	encrypts    bool // set at the start of the server

	placeholders map[string]string
	replaced     bool // an operation replaced the placeholders
	tokens       fakehttp.BearerTokens
	begun        time.Time

	mu        sync.Mutex
	users     map[string]string // passwords by user
	logins    int
	keyID     string
	documents map[string]fakehttp.Object // by server name
	instances map[string]*instance       // known servers by name
	settings  map[string]json.RawMessage // settings of the platform by name
	saved     bool                       // a document was stored
	undefined map[string][]string        // groups that metadata servers do not define

	key      int            // current encryption key; 0 if there is none
	keys     int            // number of keys ever created
	lockedBy map[string]int // key of each encrypted document, by server name
}

// Start starts a server that runs until Close. See [NewServer] for tests.
func Start(opts ...Option) *Server {
	s := &Server{
		User:      "garygeeke",
		release:   newest,
		users:     map[string]string{},
		keyID:     newUUID(),
		documents: map[string]fakehttp.Object{},
		instances: map[string]*instance{},
		settings:  map[string]json.RawMessage{},
		lockedBy:  map[string]int{},
		undefined: map[string][]string{},
		config:    fakehttp.Config{Now: time.Now, NewID: newUUID},
	}
	fakehttp.Apply(s, opts)
	if s.inverted == nil {
		s.inverted = new(s.release.invertedFilter())
	}
	if s.insecure && s.release.bearers() {
		panic(s.http.Misuse("egeriatest: %s without security", s.release))
	}
	if s.encrypted && s.release.bearers() {
		panic(s.http.Misuse("egeriatest: %s with an encrypted store", s.release))
	}
	s.begun, s.encrypts = s.config.Now(), s.encrypted
	s.Password = s.AddUser(s.User)
	s.config.Ops = s.operations()
	s.config.Front, s.config.Auth, s.config.Unrouted = s.front, s.authenticate, s.unrouted
	s.http = fakehttp.Start(s.config)
	s.URL = s.http.URL
	return s
}
