"""cfn-lint on the templates named; the program that pip installs beside it points at where it was installed."""

from cfnlint.runner import main

main()
