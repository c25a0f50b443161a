# 一扇门 OneDoor. `make` lists what there is to do; every target sets up what it needs.

ifneq (,$(wildcard .env))
include .env
export
endif

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
SOURCES := services shared deploy tests
LOCKED := base appointments projects feedback gateway setup local tools

# What is compiled once need not be compiled at each of a hundred starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

help:  ## 显示本页 | Show this page
	@echo '一扇门 OneDoor'
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\) | \(.*\)$$/\1|\2|\3/p' Makefile \
		| while IFS='|' read -r name zh en; do \
			printf '  make %-18s %s\n  %23s %s\n' "$$name" "$$zh" '' "$$en"; done

run: $(READY)  ## 启动整个系统（含数据库与消息服务器）；PORT= HOST= WORKERS= VERBOSE=1 可选 | Start the whole system, servers included; PORT= HOST= WORKERS= VERBOSE=1 at will
	@exec $(PY) -m deploy.local

accounts: $(READY)  ## 再次显示运行中系统的地址、账号与密码 | Print the running system's addresses, accounts and passwords again
	@$(PY) -m deploy.local.banner

tour: $(READY)  ## 在运行中的系统上走完一条办事流程 | Walk the main job through a running system
	@exec $(PY) -m deploy.tour

audit-demo: $(READY)  ## 在运行中的系统上演示公开监察：采集、判定、整改、复核、季报 | Show the monitoring of disclosure on a running system: collected, judged, put right, proven, the quarter's report
	@exec $(PY) -m deploy.audit_demo

test: $(READY)  ## 运行全部测试（自带私有服务器）；ARGS= 传给 pytest | Run every test, on private servers; ARGS= goes to pytest
	@env -u WORKERS $(PY) -m pytest -n $(or $(WORKERS),3) --dist loadgroup -m 'not bench' $(ARGS)

check: $(READY)  ## 检查格式、类型、依赖方向、迁移与内部规则 | Check format, types, imports, migrations, house rules
	@$(VENV)/bin/ruff format --check $(SOURCES)
	@$(VENV)/bin/ruff check $(SOURCES)
	@$(PY) -m mypy $(SOURCES)
	@told=$$($(VENV)/bin/lint-imports) || { echo "$$told"; exit 1; }; echo "$$told" | tail -n 1
	@$(PY) -m deploy.migrations check
	@$(PY) -m pytest -q tests/houserules

format: $(READY)  ## 整理代码格式 | Put the code into its format
	@$(VENV)/bin/ruff format $(SOURCES)
	@$(VENV)/bin/ruff check --fix $(SOURCES)

bench: $(READY)  ## 测量性能，最后列表：目标、结果、是否达到；只测一项：make bench-booking | Measure the speed; a table at the end: goal, figure, held or not; one only: make bench-booking
	@exec $(PY) -m tests.benchmarks $(ARGS)

bench-%: $(READY)  # what it takes: ARGS="1280 1"
	@$(PY) -m tests.benchmarks.$(subst -,_,$*) $(ARGS)

mutation: $(READY)  ## 对纯规则做变异测试；TARGET=workdays 只测一项 | Mutate the pure rules and see the tests fail; one only: TARGET=workdays
	@$(PY) -m tests.mutation $(TARGET)

migrate: $(READY)  ## 将运行中系统的数据库迁移到最新 | Bring the running system's databases to head
	@$(PY) -m deploy.migrations upgrade

revision: $(READY)  ## 生成一个迁移：SERVICE=feedback MESSAGE="..." | Write a migration: SERVICE=feedback MESSAGE="..."
	@$(PY) -m deploy.migrations revision '$(SERVICE)' '$(MESSAGE)'

dead: $(READY)  ## 列出死信；ARGS="show 3" 或 ARGS="replay 3" | List dead letters; ARGS="show 3" or ARGS="replay 3"
	@$(PY) -m deploy.dead $(ARGS)

rebuild-streams: $(READY)  ## 用各服务的发件箱补齐消息流 | Refill the streams from the services' outboxes
	@$(PY) -m deploy.rebuild

verify-audit-log: $(READY)  ## 校验各服务的审计链 | Verify every service's audit chain
	@$(PY) -m deploy.running $(PY) -m shared.security.verify_audit_log

seal-anew: $(READY)  ## 用最新的列密钥重新加密全部加密列，可在运行中进行 | Seal every encrypted column anew under the first column key, while the system runs
	@$(PY) -m deploy.seal_anew

index-anew: $(READY)  ## 将全部摘要更新到最新的索引密钥，可在运行中进行 | Bring every digest under the newest index key, while the system runs
	@$(PY) -m deploy.index_anew

reset: $(READY)  ## 清空本系统在 .data/ 中的数据（先停止系统） | Wipe this system's data in .data/ (stop the system first)
	@$(PY) -m deploy.local.reset

nats-conf: $(READY)  ## 由订阅关系重新生成 deploy/nats.conf | Write deploy/nats.conf from the subscriptions
	@$(PY) -m deploy.nats render

secrets: $(READY)  ## 为 docker compose 生成 .env（密码与密钥） | Write .env with passwords and keys for docker compose
	@$(PY) -m deploy.env

requirements: $(UV)  ## 重新锁定依赖 | Lock the dependencies again
	@$(UV) pip compile -q --group dev pyproject.toml $(COMPILE) -o deploy/requirements/dev.txt
	@for group in $(LOCKED); do \
		case $$group in \
			base) from=pyproject.toml ;; \
			tools) from='--group pyproject.toml:tools' ;; \
			*) from="pyproject.toml --group $$group" ;; \
		esac; \
		$(UV) pip compile -q $$from $(COMPILE) -c deploy/requirements/dev.txt \
			-o deploy/requirements/$$group.txt || exit 1; \
	done

COMPILE := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

$(READY): deploy/requirements/dev.txt | $(UV)
	@echo '正在安装依赖…… Installing the dependencies...'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo '需要 Python 3.11 或更新版本。 Python 3.11 or newer is needed.' >&2; exit 1; }
	@$(UV) venv -q --allow-existing --python $(PYTHON) $(VENV)
	@# uv does not read pip's settings: a mirror or certificate that is set there is the one to use.
	@# Compiled now, or a dozen processes would do it at every start where writing .pyc is turned off.
	@# Behind a proxy that reads TLS, its certificate is known to the system, not to uv.
	@pip_has() { $(PYTHON) -m pip config get "global.$$1" 2>/dev/null; }; \
		mirror=$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$(pip_has index-url)}}; \
		[ -z "$$mirror" ] || export UV_DEFAULT_INDEX="$$mirror"; \
		trusted=$${SSL_CERT_FILE:-$${PIP_CERT:-$$(pip_has cert)}}; \
		[ -z "$$trusted" ] || export SSL_CERT_FILE="$$trusted"; \
		UV_SYSTEM_CERTS=1 $(UV) pip sync -q --require-hashes --compile-bytecode --python $(PY) $< || { \
			echo '安装依赖失败：请检查网络；在代理后面时，请把代理的证书告诉 pip（pip config set global.cert 文件）。' >&2; \
			echo 'Installing failed: check the network; behind a proxy, tell pip its certificate (pip config set global.cert FILE).' >&2; \
			exit 1; }
	@touch $@

.tools/bin/uv: deploy/requirements/tools.txt
	@$(PYTHON) -m venv .tools || { \
		echo '需要 venv 模块（Debian/Ubuntu：apt install python3-venv）。' >&2; \
		echo 'The venv module is needed (Debian/Ubuntu: apt install python3-venv).' >&2; exit 1; }
	@.tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: help run accounts tour audit-demo test check format bench mutation migrate revision dead rebuild-streams \
	verify-audit-log seal-anew index-anew reset nats-conf secrets requirements
