"""Commands for runbooks where one call of the AWS CLI is not enough; the same on AWS and in the sandbox."""
