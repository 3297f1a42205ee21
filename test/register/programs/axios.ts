import process from "node:process";
import axios from "axios";

const client = axios.create({ adapter: "fetch", baseURL: process.argv[2]! });
const { data } = await client.post("/axios", { bird: "curlew" });
console.log(data.method, data.path, data.body);
