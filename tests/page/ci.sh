#!/bin/sh
# The page's own checks: formatters, linters, and the tests in headless Chromium.
# Needs node >= 20 and the debug binary (`cargo build`), or CALLHEAT_BIN.
set -eu
cd "$(dirname "$0")"

have_han_font() { fc-list 2>/dev/null | grep -qi 'cjk\|pingfang\|yahei'; }
if ! command -v chromium >/dev/null && [ -z "${CHROMIUM_BIN:-}" ] || ! have_han_font; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk >/dev/null
fi

npm ci --no-audit --no-fund --loglevel=error
npm run --silent lint
npm --silent test
