import process from "node:process";
import * as openid from "openid-client";

const options = { execute: [openid.allowInsecureRequests] };
const server = new URL(process.argv[2]!);
const config = await openid.discovery(server, "id", "secret", undefined, options);
const { access_token: token } = await openid.clientCredentialsGrant(config, { scope: "birds" });
console.log(token);
