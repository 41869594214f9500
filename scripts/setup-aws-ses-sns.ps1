# A door to `python -m config_service setup`: the same options, from whichever directory it is called in.
# Settings are read there, from the environment and from `.env`. See docs/setup.md.
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot
$python = Join-Path $root '.venv/bin/python'
if (-not (Test-Path $python)) { $python = Join-Path $root '.venv/Scripts/python.exe' }
if (-not (Test-Path $python)) {
    [Console]::Error.WriteLine("There is no Python in $root/.venv: run 'make setup' in $root first.")
    exit 1
}
$before = $env:PYTHONPATH
$env:PYTHONPATH = if ($before) { $root + [IO.Path]::PathSeparator + $before } else { $root }
try {
    & $python -m config_service setup @args
    exit $LASTEXITCODE
} finally {
    $env:PYTHONPATH = $before
}
