set -eu
cd "$(dirname "$0")"
export AWS_REGION="$region" AWS_DEFAULT_REGION="$region" AWS_PAGER=""

say() { printf '%s\n' "$*" >&2; }
stop() { say "stopped: $*"; exit 1; }

caller=$(aws sts get-caller-identity --query Account --output text)
[ "$caller" = "$account" ] || stop "these credentials are for account $caller, and the cluster belongs to $account"

# Whether an answer of AWS says that there is nothing; any other failure ends the script.
absent() {
    case $1 in
        *NoSuch*|*NotFound*|*"(404)"*) return 0 ;;
        *) stop "$1" ;;
    esac
}

bucket() {
    if answer=$(aws s3api head-bucket --bucket "$1" --expected-bucket-owner "$account" 2>&1); then
        mark=$(aws s3api get-bucket-tagging --bucket "$1" \
            --query "TagSet[?Key=='$tag'].Value | [0]" --output text 2>/dev/null) || mark=None
        if [ "$mark" != "$owned" ]; then
            # Only an empty bucket without any tags can be one that an earlier run had no time to tag.
            tags=$(aws s3api get-bucket-tagging --bucket "$1" 2>/dev/null) || tags=
            objects=$(aws s3api list-objects-v2 --bucket "$1" --max-keys 1 --query KeyCount --output text)
            [ -z "$tags" ] && { [ "$objects" = 0 ] || [ "$objects" = None ]; } || stop "bucket/$1 is not the cluster's"
        fi
    else
        absent "$answer"
        say "make bucket/$1"
        aws s3api create-bucket --cli-input-json file://01-oidc-bucket.json >/dev/null
        mark=None
    fi
    [ "$mark" = "$owned" ] || aws s3api put-bucket-tagging --cli-input-json file://01-oidc-bucket-tagging.json
    aws s3api put-public-access-block --cli-input-json file://01-oidc-bucket-public-access-block.json
    aws s3api put-bucket-policy --cli-input-json file://01-oidc-bucket-policy.json
}

object() {
    aws s3api put-object --cli-input-json "file://$1" --body "$2" >/dev/null
}

provider() {
    if answer=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" 2>&1); then
        mark=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
            --query "Tags[?Key=='$tag'].Value | [0]" --output text)
        [ "$mark" = "$owned" ] || stop "$provider is not the cluster's"
        applied=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
            --query "Tags[?Key=='$generation_tag'].Value | [0]" --output text)
        case $applied in
            None|"") ;;
            *) [ "$applied" -le "$generation" ] || stop "generation $applied was applied already, and this is the older $generation" ;;
        esac
        for id in $1; do
            aws iam add-client-id-to-open-id-connect-provider \
                --open-id-connect-provider-arn "$provider" --client-id "$id"
        done
        aws iam tag-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
            --tags "Key=$generation_tag,Value=$generation"
    else
        absent "$answer"
        say "make $provider"
        aws iam create-open-id-connect-provider --cli-input-json file://04-iam-identity-provider.json >/dev/null
    fi
}

# role NAME FILE TRUST DESCRIPTION SECONDS TAGS BOUNDARY
role() {
    if answer=$(aws iam get-role --role-name "$1" 2>&1); then
        mark=$(aws iam get-role --role-name "$1" --query "Role.Tags[?Key=='$tag'].Value | [0]" --output text)
        [ "$mark" = "$owned" ] || stop "role/$1 is not the cluster's"
        aws iam update-assume-role-policy --role-name "$1" --policy-document "$3"
        aws iam update-role --role-name "$1" --description "$4" --max-session-duration "$5" >/dev/null
        aws iam tag-role --role-name "$1" --tags "$6"
        if [ -n "$7" ]; then
            aws iam put-role-permissions-boundary --role-name "$1" --permissions-boundary "$7"
        fi
    else
        absent "$answer"
        say "make role/$1"
        aws iam create-role --cli-input-json "file://$2" >/dev/null
        aws iam wait role-exists --role-name "$1"
    fi
}

policy() {
    aws iam put-role-policy --cli-input-json "file://$1"
}
