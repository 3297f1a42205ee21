import process from "node:process";
import { request } from "@octokit/request";

const { data } = await request("POST /repos/{owner}/issues", {
  baseUrl: process.argv[2]!,
  owner: "curlew",
  title: "a title",
});
console.log(data.method, data.path, data.body);
