module github.com/integrations-go/sdk/bench

go 1.26.0

replace github.com/integrations-go/sdk => ..

require (
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794
	github.com/apono-io/apono-sdk-go v0.1.0-alpha9
	github.com/confluentinc/ccloud-sdk-go-v2/provider-integration v0.2.0
	github.com/hashicorp/go-retryablehttp v0.7.8
	github.com/integrations-go/sdk v0.1.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/redis/go-redis/v9 v9.23.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/golang/protobuf v1.5.2 // indirect
	github.com/google/go-cmp v0.6.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/integrations-go/sdk/ratelimit/redislimit v0.1.0
	github.com/oapi-codegen/runtime v1.9.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/oauth2 v0.0.0-20210218202405-ba52d332ba99 // indirect
	golang.org/x/time v0.16.0 // indirect
	google.golang.org/appengine v1.6.6 // indirect
	google.golang.org/protobuf v1.34.1 // indirect
)

replace github.com/integrations-go/sdk/ratelimit/redislimit => ../ratelimit/redislimit
