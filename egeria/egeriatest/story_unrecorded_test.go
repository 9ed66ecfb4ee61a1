package egeriatest

import "strings"

// storyUnrecorded returns the steps that are not yet recorded on any platform. They use separate
// servers.
func storyUnrecorded() []storyStep {
	const (
		properties = adminPath + "later1/server-properties"
		deploy     = adminPath + "later1/configuration/deploy"
		refresh    = "/servers/later1/open-metadata/integration-daemon/integration-connectors/refresh"
		store      = `"secretsStoreProvider":"p.Provider","secretsStoreLocation":"l","secretsStoreCollection":"c"`
	)
	steps := []storyStep{
		{name: "set properties without class", method: "POST", path: properties, body: `{"organizationName":"o"}`},
		{name: "set properties with a bad page size", method: "POST", path: properties,
			body: `{"class":"BasicServerProperties","organizationName":"q","maxPageSize":-1,` + store + `}`},
		{name: "properties after a bad page size", method: "GET", path: properties},
		{name: "set properties with a secrets store", method: "POST", path: properties,
			body: `{"class":"BasicServerProperties","organizationName":"r",` + store + `}`, only: 6},
		{name: "properties with a secrets store", method: "GET", path: properties, only: 6},
		{name: "deploy without delegatingUserId", method: "POST", path: deploy,
			body: `{"class":"URLRequestBody","urlRoot":"{platform}"}`, only: 6},
		{name: "deploy with delegatingUserId", method: "POST", path: deploy + "?delegatingUserId={user}",
			body: `{"class":"URLRequestBody","urlRoot":"{platform}"}`, only: 6},
		{name: "groups with an empty delegatingUserId", method: "GET",
			path: adminPath + "later1/integration-groups/configuration?delegatingUserId=", only: 6},
		{name: "known servers with delegatingUserId", method: "GET", path: strings.TrimSuffix(serversPath, "/") +
			"?delegatingUserId=x", only: 6},
		{name: "logout by GET", method: "GET", path: "/api/token/logout", only: 6},
		{name: "groups after a logout by GET", method: "GET", path: adminPath +
			"later1/integration-groups/configuration", only: 6},
		{name: "refresh without class", method: "POST", path: refresh, body: `{"name":"nobody"}`, needs: "daemon"},
		{name: "refresh with another class", method: "POST", path: refresh, body: `{"class":"Nothing"}`,
			needs: "daemon"},
	}
	for i := range steps {
		steps[i].unrecorded = true
	}
	return steps
}
