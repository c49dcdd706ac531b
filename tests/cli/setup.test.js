// What scripts/setup.sh does on a machine that has everything but the project's own tools, with stand-ins of apt, dpkg and npm.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "larder-setup-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const TOOLS = "bash cat cksum comm dirname env flock id mkdir mv od rm sed sort tail touch tr uname chmod";
/** The packages that setup.sh wants, from its lists. */
const WANTED = [
  ...readFileSync(join(root, "scripts/setup.sh"), "utf8").matchAll(/^readonly \w+_PACKAGES=\(([^)]*)\)/gm),
].flatMap(([, names = ""]) => names.split(/\s+/));

/** @param {string} name of the machine @param {number} downloadsInVain how many of apt's fail before one does not */
function machine(name, downloadsInVain) {
  const [tree, tools] = [join(folder, name), join(folder, `${name}-tools`)];
  mkdirSync(join(tree, "scripts"), { recursive: true });
  mkdirSync(tools);
  for (const script of ["setup.sh", "environment.sh"]) {
    cpSync(join(root, "scripts", script), join(tree, "scripts", script));
  }
  writeFileSync(join(tree, "package-lock.json"), "{}");
  const calls = join(folder, `${name}-calls`);
  writeFileSync(calls, "");
  for (const tool of TOOLS.split(" ")) {
    const { stdout } = spawnSync("bash", ["-c", `command -v ${tool}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(tools, tool));
  }
  symlinkSync(process.execPath, join(tools, "node"));
  /** @param {string} tool @param {string} body */
  const standIn = (tool, body) => {
    writeFileSync(join(tools, tool), `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(join(tools, tool), 0o755);
  };
  /** One whose calls are told. @param {string} tool @param {string} body */
  const toldStandIn = (tool, body) => standIn(tool, `echo "${tool} $*" >>${calls}\n${body}`);
  standIn("sudo", 'exec "$@"');
  standIn("dpkg-query", `printf 'installed %s\\n' ${WANTED.join(" ")}`);
  toldStandIn(
    "apt-get",
    `[[ $1 == download ]] || exit 0
asked=$(sed -n '/ download /p' ${calls} | sed -n '$=')
((asked > ${downloadsInVain})) || { echo "there is no such package" >&2; exit 100; }
touch prometheus_2.42.0_all.deb`,
  );
  toldStandIn(
    "dpkg",
    `[[ -e $2 ]] || exit 2
mkdir -p "$3/usr/bin"
touch "$3/usr/bin/prometheus" "$3/usr/bin/promtool"
chmod +x "$3/usr/bin/prometheus" "$3/usr/bin/promtool"`,
  );
  toldStandIn("npm", "mkdir -p node_modules");
  const setUp = () => {
    writeFileSync(calls, "");
    const { status, stderr } = spawnSync("bash", ["scripts/setup.sh", "all"], {
      cwd: tree,
      encoding: "utf8",
      env: { PATH: tools },
    });
    const asked = readFileSync(calls, "utf8").trim().split("\n");
    return { status, stderr, asked: asked.filter((line) => line !== "") };
  };
  return { tree, setUp };
}

test("a fresh tree gets Prometheus' tools and the npm packages, and the second time nothing", () => {
  const { tree, setUp } = machine("fresh", 0);
  const first = setUp();
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(first.asked, [
    "apt-get download -qq prometheus",
    "dpkg -x .tools/prometheus.new/prometheus_2.42.0_all.deb .tools/prometheus.new",
    "npm ci --loglevel=error",
  ]);
  assert.deepEqual(readdirSync(join(tree, ".tools")).sort(), ["lock", "log", "prometheus"]);
  assert.deepEqual(readdirSync(join(tree, ".tools/prometheus/usr/bin")), ["prometheus", "promtool"]);
  assert.match(readFileSync(join(tree, ".dev.vars"), "utf8"), /^ADMIN_JWT_SECRET="[0-9a-f]{64}"$/m);
  const second = setUp();
  assert.deepEqual(second, { status: 0, stderr: "", asked: [] });
});

test("a package that apt does not find is looked for again, with its lists fetched anew", () => {
  const { tree, setUp } = machine("stale", 1);
  const { status, stderr, asked } = setUp();
  assert.equal(status, 0, stderr);
  assert.deepEqual(asked.slice(0, 3), [
    "apt-get download -qq prometheus",
    "apt-get update -qq",
    "apt-get download -qq prometheus",
  ]);
  assert.ok(existsSync(join(tree, ".tools/prometheus/usr/bin/promtool")));
});

test("one that is not to be had ends it, with what apt said", () => {
  const { tree, setUp } = machine("offline", 2);
  const { status, stderr } = setUp();
  assert.equal(status, 1);
  assert.match(stderr, /there is no such package\nlarder: `apt-get download -qq prometheus` failed/);
  assert.ok(!existsSync(join(tree, ".tools/prometheus")));
});
