package egeriatest

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// The names of the platform's settings.
const (
	storeSetting    = "stores/connection"
	defaultSetting  = "stores/default-configuration-document"
	securitySetting = "security/connection"
)

// platformTable returns the operations for all servers of the platform, and for its placeholders.
func platformTable() []operation {
	const placeholders = admin + "/stores/placeholder-variables"
	return []operation{
		{name: "stopAllServers", since: "4.2", method: drop, path: platform + "/servers/instance", class: voidResponse,
			action: "shutdownAllServer",
			run:    (*call).stopAll},
		{name: "unregisterAllServers", since: "4.2", method: drop, path: platform + "/servers", class: voidResponse,
			action: "shutdownAndUnregisterAllServers", run: (*call).stopAll},
		{name: "listServerServices", method: get, path: server + "/services", class: "ServerServicesListResponse",
			action: "getActiveServicesForServerOnPlatform", run: (*call).listServerServices},

		{name: "getPlaceholders", since: "5.3", method: get, path: placeholders, class: "StringMapResponse",
			action: "getPlaceholderVariables", run: (*call).getPlaceholders},
		{name: "setPlaceholders", since: "5.3", method: post, path: placeholders, class: voidResponse,
			action: "setPlaceholderVariables",
			body:   jsonObject, run: (*call).setPlaceholders},
		{name: "clearPlaceholders", since: "5.3", method: drop, path: placeholders, class: voidResponse,
			action: "clearPlaceholderVariables",
			run:    (*call).clearPlaceholders},
	}
}

// stopAll also unregisters the servers, because there are no cohorts.
func (c *call) stopAll() (fakehttp.Object, *failure) {
	for _, server := range c.instances {
		if server.running {
			server.stop(c.config.Now())
		}
	}
	return nil, nil
}

// listServerServices succeeds for a server that the platform has run. If it has stopped, there is
// no list.
func (c *call) listServerServices() (fakehttp.Object, *failure) {
	out := fakehttp.Object{"serverName": fakehttp.Raw(c.server)}
	found := c.instances[c.server]
	if found == nil {
		failed := c.notRunning()
		if !c.release.since("5.0") {
			failed.during("getActiveServiceListForServerOnPlatform")
		}
		failed.beside = out
		return nil, failed
	}
	if found.running {
		out["serverServicesList"] = fakehttp.Raw(slices.Insert(found.services(), 1, c.release.operations()))
	}
	return out, nil
}

// operations returns the name of the service that runs servers.
func (r release) operations() string {
	switch {
	case r.since("5.0"):
		return "Server Operations"
	case r.since("4.2"):
		return "Platform Services"
	}
	return "OMAG Server Operational Services"
}

// placeholderValues returns the values of placeholders. egeriaEndpoint is the URL of the platform,
// unless it has another value, or the values were replaced.
func (s *Server) placeholderValues() map[string]string {
	values := map[string]string{}
	if !s.replaced {
		values["egeriaEndpoint"] = s.URL
	}
	maps.Copy(values, s.placeholders)
	return values
}

func (c *call) getPlaceholders() (fakehttp.Object, *failure) {
	values := c.placeholderValues()
	if len(values) == 0 {
		return nil, nil
	}
	return fakehttp.Object{"stringMap": fakehttp.Raw(values)}, nil
}

func (c *call) setPlaceholders() (fakehttp.Object, *failure) {
	values := map[string]string{}
	for name, raw := range withoutNulls(c.body) {
		var text string
		_ = json.Unmarshal(asText(raw), &text) // always a text
		values[name] = text
	}
	c.placeholders, c.replaced = values, true
	return nil, nil
}

func (c *call) clearPlaceholders() (fakehttp.Object, *failure) {
	c.placeholders, c.replaced = nil, true
	return nil, nil
}

// itself reports whether a URL is that of this platform: its own, or the one that received the call
// through [Server.Handler].
func (c *call) itself(target string) bool {
	if target == c.URL {
		return true
	}
	u, err := url.Parse(target)
	return err == nil && u.Host != "" && u.Host == c.request.Host
}
