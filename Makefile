# 一扇门 OneDoor. `make` lists what there is to do; every target sets up what it needs.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
SERVICES := appointments projects feedback gateway
GROUPS_ := $(SERVICES) local dev tools
SOURCES := services shared deploy tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

help:  ## 显示本页 | Show this page
	@echo '一扇门 OneDoor'
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\) | \(.*\)$$/\1\t\2\t\3/p' $(MAKEFILE_LIST) \
		| while IFS="$$(printf '\t')" read -r name zh en; do \
			printf '  \033[36mmake %-18s\033[0m %s\n  %24s%s\n' "$$name" "$$zh" '' "$$en"; done

run: .venv/.ready  ## 启动整个系统（含数据库与消息服务器） | Start the whole system, servers included
	@exec $(PY) -m deploy.local

tour: .venv/.ready  ## 用一条完整的办事流程走一遍正在运行的系统 | Walk the main job through a running system
	@exec $(PY) -m deploy.tour

test: .venv/.ready  ## 运行全部测试（自带私有服务器） | Run every test, on private servers of its own
	@$(PY) -m pytest -m 'not bench' $(ARGS)

check: .venv/.ready  ## 检查格式、类型、依赖方向、迁移与内部规则 | Check format, types, imports, migrations, house rules
	@$(VENV)/bin/ruff format --check $(SOURCES)
	@$(VENV)/bin/ruff check $(SOURCES)
	@$(PY) -m mypy $(SOURCES)
	@$(VENV)/bin/lint-imports
	@$(PY) -m deploy.migrations check
	@$(PY) -m pytest -q tests/houserules

format: .venv/.ready  ## 整理代码格式 | Put the code into its format
	@$(VENV)/bin/ruff format $(SOURCES)
	@$(VENV)/bin/ruff check --fix $(SOURCES)

bench: .venv/.ready  ## 运行性能测量，以比值输出 | Measure the speed, printed as ratios
	@$(PY) -m pytest -q -s -m bench tests/benchmarks $(ARGS)

reset:  ## 停止后清空 .data/ 中的全部数据 | Wipe all data in .data/ (stop the system first)
	@if [ -x $(PY) ]; then $(PY) -m deploy.local.reset; else rm -rf .data; fi

requirements: $(UV)  ## 重新锁定依赖 | Lock the dependencies again
	@for group in dev base $(filter-out dev,$(GROUPS_)); do \
		chosen="--group $$group"; [ $$group = base ] && chosen=; \
		pins="-c deploy/requirements/dev.txt"; [ $$group = dev ] && pins=; \
		source=pyproject.toml; [ $$group = tools ] && source= && chosen="--group pyproject.toml:tools"; \
		$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
			--no-header --no-emit-index-url --no-emit-find-links \
			$$source $$chosen $$pins -o deploy/requirements/$$group.txt || exit 1; \
	done

.venv/.ready: deploy/requirements/dev.txt | $(UV)
	@echo '正在安装依赖…… Installing the dependencies...'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo '需要 Python 3.11 或更新版本。 Python 3.11 or newer is needed.' >&2; exit 1; }
	@$(UV) venv -q --allow-existing --python $(PYTHON) $(VENV)
	@$(UV) pip sync -q --require-hashes --python $(PY) deploy/requirements/dev.txt
	@touch $@

.tools/bin/uv: deploy/requirements/tools.txt
	@$(PYTHON) -m venv .tools \
		|| { echo '需要 venv 模块（Debian/Ubuntu：python3-venv）。 The venv module is needed (Debian/Ubuntu: python3-venv).' >&2; exit 1; }
	@.tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: help run tour test check format bench reset requirements
