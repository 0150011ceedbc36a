"""Validates files against JSON Schemas: validate.py SCHEMA FILE [SCHEMA FILE]...

Each FILE is JSON or YAML; of a YAML stream each document is validated. Prints what is wrong, and exits 1 then.
"""

import sys

import jsonschema
import yaml


def main():
    arguments = sys.argv[1:]
    wrong = []
    for schema_path, path in zip(arguments[::2], arguments[1::2], strict=True):
        with open(schema_path, encoding="utf-8") as file:
            schema = yaml.safe_load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        with open(path, encoding="utf-8") as file:
            documents = [document for document in yaml.safe_load_all(file) if document is not None]
        if not documents:
            wrong.append(f"{path}: nothing in it")
        for document in documents:
            wrong += [f"{path}: {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
