set -euf
CDPATH='' cd -- "$(dirname -- "$0")"
export AWS_REGION="$region" AWS_DEFAULT_REGION="$region" AWS_PAGER=""
there=" "
differs=""
newline='
'

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

# Whether one of an answer's lines is this; the CLI may have put warnings around it.
has_line() {
    case "$newline$1$newline" in
        *"$newline$2$newline"*) return 0 ;;
        *) return 1 ;;
    esac
}

# The first pass only looks: it ends before anything is written when something is not the cluster's.
# What is there already is kept in $there.
look_for_bucket() {
    answer=$(aws s3api head-bucket --bucket "$1" --expected-bucket-owner "$account" 2>&1) || {
        absent "$answer"
        return 0
    }
    there="$there$1 "
    answer=$(aws s3api get-bucket-tagging --bucket "$1" \
        --query "TagSet[?Key=='$tag'].Value | [0]" --output text 2>&1) && has_line "$answer" "$owned" && return 0
    # Only an empty bucket without any tags can be one that an earlier run had no time to tag.
    case $answer in *NoSuchTagSet*) ;; *) stop "bucket/$1 is not the cluster's" ;; esac
    objects=$(aws s3api list-objects-v2 --bucket "$1" --max-keys 1 --query "Contents[0].Key" --output text)
    [ "$objects" = None ] || stop "bucket/$1 is not the cluster's"
}

look_for_provider() {
    answer=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
        --query "Tags[?Key=='$tag'].Value | [0]" --output text 2>&1) || {
        absent "$answer"
        return 0
    }
    has_line "$answer" "$owned" || stop "$provider is not the cluster's"
    there="$there$provider "
    applied=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
        --query "Tags[?Key=='$generation_tag'].Value | [0]" --output text)
    case $applied in
        None|"") ;;
        *) [ "$applied" -le "$generation" ] || stop "generation $applied was applied already, and this is the older $generation" ;;
    esac
}

# look_for_role NAME PATH BOUNDARY POLICY...
look_for_role() {
    answer=$(aws iam get-role --role-name "$1" \
        --query "Role.Tags[?Key=='$tag'].Value | [0]" --output text 2>&1) || {
        absent "$answer"
        return 0
    }
    has_line "$answer" "$owned" || stop "role/$1 is not the cluster's"
    there="$there$1 "
    name=$1 path=$2 boundary=${3:-None}
    shift 3
    # Text output tells an absent boundary as None.
    known=$(aws iam get-role --role-name "$name" --query Role.Path --output text)
    [ "$known" = "$path" ] || differ "role/$name has the path $known, and not $path: no call moves a role"
    known=$(aws iam get-role --role-name "$name" \
        --query Role.PermissionsBoundary.PermissionsBoundaryArn --output text)
    case $known in
        None | "$boundary") ;;
        *) differ "role/$name has the boundary $known, and not $boundary:" \
            "aws iam delete-role-permissions-boundary --role-name $name" ;;
    esac
    known=$(aws iam list-role-policies --role-name "$name" --query PolicyNames --output text)
    for policy in $known; do
        case " $* " in
            *" $policy "*) ;;
            *) differ "role/$name has the inline policy $policy besides:" \
                "aws iam delete-role-policy --role-name $name --policy-name $policy" ;;
        esac
    done
    known=$(aws iam list-attached-role-policies --role-name "$name" \
        --query "AttachedPolicies[].PolicyArn" --output text)
    for policy in $known; do
        differ "role/$name has the policy $policy attached:" \
            "aws iam detach-role-policy --role-name $name --policy-arn $policy"
    done
}

differ() { differs="$differs$newline  $*"; }

# What a role has besides it would keep, for nothing is deleted here.
nothing_differs() {
    [ -z "$differs" ] || stop "roles that are there differ from what the cluster is to have; nothing was written." \
        "Compare with sts-executor plan; it can mend all of it, and each command below a part:$differs"
}

is_there() {
    case $there in
        *" $1 "*) return 0 ;;
        *) return 1 ;;
    esac
}

bucket() {
    if ! is_there "$1"; then
        say "make bucket/$1"
        aws s3api create-bucket --cli-input-json file://01-oidc-bucket.json >/dev/null
    fi
    aws s3api put-bucket-tagging --cli-input-json file://01-oidc-bucket-tagging.json
    aws s3api put-public-access-block --cli-input-json file://01-oidc-bucket-public-access-block.json
    aws s3api put-bucket-policy --cli-input-json file://01-oidc-bucket-policy.json
}

object() {
    aws s3api put-object --cli-input-json "file://$1" --body "$2" >/dev/null
}

# provider CLIENT_IDS THUMBPRINTS TAGS
provider() {
    if ! is_there "$provider"; then
        say "make $provider"
        aws iam create-open-id-connect-provider --cli-input-json file://04-iam-identity-provider.json >/dev/null
        return
    fi
    # Text output has tabs between the members of a list; as lines they can be looked for.
    known=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" \
        --query ClientIDList --output text | tr '\t' '\n')
    for id in $1; do
        has_line "$known" "$id" || aws iam add-client-id-to-open-id-connect-provider \
            --open-id-connect-provider-arn "$provider" --client-id "$id"
    done
    if [ -n "$2" ]; then
        # shellcheck disable=SC2086 # a list of words
        aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn "$provider" \
            --thumbprint-list $2
    fi
    aws iam tag-open-id-connect-provider --open-id-connect-provider-arn "$provider" --tags "$3"
}

# role NAME FILE TRUST DESCRIPTION SECONDS TAGS BOUNDARY
role() {
    if ! is_there "$1"; then
        say "make role/$1"
        aws iam create-role --cli-input-json "file://$2" >/dev/null
        aws iam wait role-exists --role-name "$1"
        return
    fi
    aws iam update-assume-role-policy --role-name "$1" --policy-document "$3"
    aws iam update-role --role-name "$1" --description "$4" --max-session-duration "$5" >/dev/null
    aws iam tag-role --role-name "$1" --tags "$6"
    if [ -n "$7" ]; then
        aws iam put-role-permissions-boundary --role-name "$1" --permissions-boundary "$7"
    fi
}

policy() {
    aws iam put-role-policy --cli-input-json "file://$1"
}
