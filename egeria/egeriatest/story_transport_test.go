package egeriatest

import (
	"strings"
)

// storyNames are names of groups with special characters, as JSON, with their forms in a path.
func storyNames() [][2]string {
	return [][2]string{
		{"a b", "a%20b"}, {"a+b", "a+b"}, {"a:b", "a%3Ab"}, {"é中😀", "%C3%A9%E4%B8%AD%F0%9F%98%80"}, {"a?b", "a%3Fb"},
		{"a#b", "a%23b"},
		{"a/b", "a%2Fb"}, {"a%b", "a%25b"}, {"a;b", "a%3Bb"}, {`a\\b`, "a%5Cb"}, {"..", "%2E%2E"}, {".", "%2E"},
		{"a.b", "a%2Eb"}, {"a..b", "a..b"},
		{"{a}", "%7Ba%7D"}, {"~{a}~", "~%7Ba%7D~"}, {"a&b=c", "a&b=c"}, {`a\"b`, "a%22b"},
		{"a,b@c!$'()*", "a,b@c!$'()*"}, {"a//b", "a%2F%2Fb"},
		{" a ", "%20a%20"}, {`a\nb`, "a%0Ab"}, {"configuration", "configuration"}, {"a.json", "a.json"},
	}
}

func storyOddNames() []storyStep {
	const (
		server = adminPath + "names1"
		one    = server + "/integration-groups/configuration"
	)
	var groups []string
	for _, name := range storyNames() {
		groups = append(groups, storyGroup(name[0]))
	}
	steps := []storyStep{{name: "odd names", method: "POST", path: one + "/all", body: list(groups...)}}
	for _, name := range storyNames() {
		steps = append(steps, storyStep{name: "delete " + name[1], method: "DELETE", path: server +
			"/integration-groups/" + name[1]})
	}
	steps = append(steps,
		storyStep{name: "groups whose names no path carried", method: "GET", path: one},
		storyStep{name: "delete .. as it is", method: "DELETE", path: server + "/integration-groups/.."},
		storyStep{name: "delete a;b unescaped", method: "DELETE", path: server + "/integration-groups/a;b"},
		storyStep{name: "delete no name", method: "DELETE", path: server + "/integration-groups/"},
		storyStep{name: "groups after delete with no name", method: "GET", path: one},
	)
	for _, name := range []string{"a%20b", "a%3Ab", "%C3%A9", "a%2Fb", "a%25b", "a.b", "%2E%2E"} {
		steps = append(steps,
			storyStep{name: "put to server " + name, method: "POST", path: adminPath + name +
				"/integration-groups/configuration", body: storyGroup("G")},
			storyStep{name: "groups of server " + name, method: "GET", path: adminPath + name +
				"/integration-groups/configuration"})
	}
	return append(steps, storyStep{name: "documents of odd servers", method: "GET",
		path: "/open-metadata/admin-services/configurations"})
}

func storyTransport() []storyStep {
	const groups = "/servers/groups1/integration-groups/configuration"
	return []storyStep{
		{name: "wrong path", method: "GET", path: "/open-metadata/nothing"},
		{name: "wrong path that asks for HTML", method: "GET", path: "/nothing"},
		{name: "root", method: "GET", path: "/"},
		{name: "wrong method", method: "PUT", path: adminPath + "groups1/integration-groups/configuration",
			body: storyGroup("G")},
		{name: "wrong method on the collection", method: "GET", path: adminPath + "groups1/integration-groups"},
		{name: "OPTIONS", method: "OPTIONS", path: adminPath + "groups1/integration-groups/configuration"},
		{name: "HEAD", method: "HEAD", path: adminPath + "groups1/integration-groups/configuration"},
		{name: "trailing slash", method: "GET", path: adminPath + "groups1/integration-groups/configuration/"},
		{name: "groups on the path of dialect 4", method: "GET",
			path: "!/open-metadata/admin-services/users/garygeeke" + groups},
		{name: "groups on the path of dialect 6", method: "GET", path: "!/open-metadata/admin-services" + groups},
		{name: "groups without credentials", method: "GET", path: adminPath +
			"groups1/integration-groups/configuration", auth: "none"},
		{name: "groups with a bad token", method: "GET", path: adminPath + "groups1/integration-groups/configuration",
			auth: "bad"},
		{name: "groups with delegatingUserId", method: "GET", path: adminPath +
			"groups1/integration-groups/configuration?delegatingUserId=x"},
	}
}

func storyTokens() []storyStep {
	const path = "/api/token"
	groups := func(name, auth string) storyStep {
		return storyStep{name: name, method: "GET", path: adminPath + "groups1/integration-groups/configuration",
			auth: auth, only: 6}
	}
	login := func(name, auth, body string) storyStep {
		return storyStep{name: name, method: "POST", path: path, auth: auth, body: body, only: 6}
	}
	return []storyStep{
		login("token", "none", `{"userId":"{user}","password":"{password}"}`),
		login("token with a wrong password", "none", `{"userId":"{user}","password":"wrong"}`),
		login("token for an unknown user", "none", `{"userId":"nobody","password":"wrong"}`),
		login("token without a password", "none", `{"userId":"{user}"}`),
		login("token with malformed JSON", "none", `{"userId":`),
		login("token with an Authorization header that is good", "", `{"userId":"{user}","password":"{password}"}`),
		login("token with an Authorization header that is bad", "bad", `{"userId":"{user}","password":"{password}"}`),
		{name: "token by GET", method: "GET", path: path, auth: "none", only: 6},
		{name: "logout", method: "DELETE", path: path + "/logout", only: 6},
		groups("groups after logout", ""),
		groups("groups after a new login", "fresh"),
	}
}

func storyRestart() []storyStep {
	const (
		keptGroups = adminPath + "kept1/integration-groups/configuration"
		groups     = adminPath + "kept1/integration-groups/configuration"
	)
	return []storyStep{
		{name: "put before the restart", method: "POST", path: keptGroups, body: storyGroup("Group:kept")},
		{name: "token of before the restart", method: "GET", path: groups, auth: "stale", only: 6, restart: true},
		{name: "token call with the token of before", method: "POST", path: "/api/token", auth: "stale",
			body: `{"userId":"{user}","password":"{password}"}`, only: 6},
		{name: "groups after the restart", method: "GET", path: groups, auth: "fresh", restart: true},
		{name: "known servers after the restart", method: "GET", path: strings.TrimSuffix(serversPath, "/")},
		{name: "status after the restart", method: "GET", path: serversPath + "store1/status"},
	}
}
