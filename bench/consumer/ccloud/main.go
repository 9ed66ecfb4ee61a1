// Command ccloud gets one integration with ccloud-sdk-go-v2.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	ccloud "github.com/confluentinc/ccloud-sdk-go-v2/provider-integration/v2"
)

func main() {
	ctx := context.WithValue(context.Background(), ccloud.ContextBasicAuth, ccloud.BasicAuth{
		UserName: os.Getenv("CONFLUENT_CLOUD_API_KEY"), Password: os.Getenv("CONFLUENT_CLOUD_API_SECRET"),
	})
	c := ccloud.NewAPIClient(ccloud.NewConfiguration())
	out, resp, err := c.IntegrationsPimV2Api.GetPimV2Integration(ctx, "cspi-00001").Environment("env-1").Execute()
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(out.GetDisplayName())
}
