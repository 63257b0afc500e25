"""Accounts of a local pool: codes that count, functions that are called, second factors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.identity.support import FUNCTION, PASSWORD, Place, Pool, shown

EMAIL = "ada@example.org"


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def test_only_the_code_that_was_sent_confirms(place: Place, pool: Pool) -> None:
    pool.sign_up()
    code = place.code(EMAIL)
    wrong = "000000" if code != "000000" else "111111"
    with refused("CodeMismatchException"):
        pool.confirm(wrong)
    with refused("UserNotConfirmedException"):
        pool.sign_in()
    pool.confirm(code)
    assert pool.tokens()
    with refused("NotAuthorizedException"):
        pool.confirm(code)


def test_guessing_ends_after_five_tries(place: Place, pool: Pool) -> None:
    pool.sign_up()
    code = place.code(EMAIL)
    for _ in range(5):
        with refused("CodeMismatchException"):
            pool.confirm("x")
    with refused("LimitExceededException"):
        pool.confirm(code)


def test_a_code_ends_and_another_takes_its_place(place: Place, pool: Pool) -> None:
    pool.sign_up()
    first = place.code(EMAIL)
    place.clock.now += 24 * 3600
    with refused("ExpiredCodeException"):
        pool.confirm(first)
    place.cognito.resend_confirmation_code(ClientId=pool.client_id, Username=EMAIL)
    pool.confirm(place.code(EMAIL))


def test_messages_can_be_read_and_say_that_they_are_emulated(place: Place, pool: Pool) -> None:
    pool.sign_up()
    pool.sign_up("bob@example.org")
    status, answer = place.get(f"/_sandbox/messages?to={EMAIL}")
    assert status == 200
    assert "no message leaves" in answer["emulated"]
    (message,) = answer["messages"]
    assert (message["to"], message["purpose"], message["pool"]) == (EMAIL, "sign-up", pool.id)
    assert len(place.get("/_sandbox/messages")[1]["messages"]) == 2


def test_strangers_are_not_told_who_has_an_account(place: Place, pool: Pool) -> None:
    pool.member()
    cognito, client = place.cognito, pool.client_id
    stranger = "nobody@example.org"
    for password in (PASSWORD, "Wrong-Horse-7"):
        with refused("NotAuthorizedException.*Incorrect username or password"):
            pool.sign_in(stranger, password)
    with refused("NotAuthorizedException.*Incorrect username or password"):
        pool.sign_in(EMAIL, "Wrong-Horse-7")
    known = cognito.forgot_password(ClientId=client, Username=EMAIL)["CodeDeliveryDetails"]
    unknown = cognito.forgot_password(ClientId=client, Username=stranger)["CodeDeliveryDetails"]
    assert {**known, "Destination": ""} == {**unknown, "Destination": ""}
    cognito.resend_confirmation_code(ClientId=client, Username=stranger)
    with refused("ExpiredCodeException"):
        pool.confirm("123456", stranger)
    with refused("CodeMismatchException"):
        cognito.confirm_forgot_password(
            ClientId=client, Username=stranger, ConfirmationCode="123456", Password=PASSWORD
        )
    assert not place.identities.codes.messages(stranger)


def test_a_client_that_hides_nobody_says_so(place: Place) -> None:
    pool = Pool(place)
    place.cognito.update_user_pool_client(
        UserPoolId=pool.id, ClientId=pool.client_id, PreventUserExistenceErrors="LEGACY"
    )
    with refused("UserNotFoundException"):
        pool.sign_in("nobody@example.org")


def test_a_forgotten_password_is_set_by_the_code(place: Place, pool: Pool) -> None:
    pool.member()
    cognito, client = place.cognito, pool.client_id

    def reset(code: str, password: str) -> None:
        cognito.confirm_forgot_password(ClientId=client, Username=EMAIL, ConfirmationCode=code, Password=password)

    with refused("ExpiredCodeException"):
        reset("123456", "Another-Horse-8")
    cognito.forgot_password(ClientId=client, Username=EMAIL)
    with refused("CodeMismatchException"):
        reset("x", "Another-Horse-8")
    with refused("InvalidPasswordException"):
        reset(place.code(EMAIL), "weak")
    reset(place.code(EMAIL), "Another-Horse-8")
    with refused("NotAuthorizedException"):
        pool.sign_in()
    assert pool.sign_in(password="Another-Horse-8")["AuthenticationResult"]


def test_without_a_verified_address_there_is_no_recovery(place: Place, pool: Pool) -> None:
    pool.sign_up()
    with refused("InvalidParameterException.*verified"):
        place.cognito.forgot_password(ClientId=pool.client_id, Username=EMAIL)


def test_a_temporary_password_has_to_be_changed(place: Place, pool: Pool) -> None:
    place.cognito.admin_create_user(UserPoolId=pool.id, Username=EMAIL, TemporaryPassword=PASSWORD)
    challenge = pool.sign_in()
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    with refused("InvalidPasswordException"):
        pool.answer(challenge, USERNAME=EMAIL, NEW_PASSWORD="weak")
    answer = pool.answer(challenge, USERNAME=EMAIL, NEW_PASSWORD="Another-Horse-8")
    assert answer["AuthenticationResult"]["RefreshToken"]
    with refused("NotAuthorizedException"):
        pool.answer(challenge, USERNAME=EMAIL, NEW_PASSWORD="Another-Horse-8")


def with_app(place: Place, pool: Pool) -> str:
    """Sets an authenticator app up for Ada, and gives its secret."""
    token = pool.tokens()["AccessToken"]
    secret = str(place.cognito.associate_software_token(AccessToken=token)["SecretCode"])
    with refused("EnableSoftwareTokenMFAException"):
        place.cognito.verify_software_token(AccessToken=token, UserCode="000000")
    place.cognito.verify_software_token(AccessToken=token, UserCode=shown(secret, place.clock))
    preference = {"Enabled": True, "PreferredMfa": True}
    place.cognito.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=preference)
    return secret


def test_an_authenticator_app_is_asked_for_its_code(place: Place) -> None:
    pool = Pool(place, {"MfaConfiguration": "OPTIONAL"})
    pool.member()
    secret = with_app(place, pool)
    challenge = pool.sign_in()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    for wrong in ("000000", shown(secret, place.clock, 10), ""):
        with refused("CodeMismatchException"):
            pool.answer(challenge, USERNAME=EMAIL, SOFTWARE_TOKEN_MFA_CODE=wrong)
    code = shown(secret, place.clock, -1)
    assert pool.answer(challenge, USERNAME=EMAIL, SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]


def test_each_user_has_a_secret_of_its_own(place: Place) -> None:
    pool = Pool(place, {"MfaConfiguration": "OPTIONAL"})
    pool.member()
    pool.member("bob@example.org")
    secret = with_app(place, pool)
    token = pool.tokens("bob@example.org")["AccessToken"]
    assert place.cognito.associate_software_token(AccessToken=token)["SecretCode"] != secret


def test_a_pool_that_demands_a_factor_has_it_set_up_at_sign_in(place: Place) -> None:
    pool = Pool(place, {"MfaConfiguration": "ON"})
    pool.member()
    challenge = pool.sign_in()
    assert challenge["ChallengeName"] == "MFA_SETUP"
    with refused("NotAuthorizedException"):
        pool.answer(challenge, USERNAME=EMAIL)
    session = challenge["Session"]
    secret = place.cognito.associate_software_token(Session=session)["SecretCode"]
    place.cognito.verify_software_token(Session=session, UserCode=shown(secret, place.clock))
    assert pool.answer(challenge, USERNAME=EMAIL)["AuthenticationResult"]
    assert pool.sign_in()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_text_message_carries_a_code(place: Place) -> None:
    pool = Pool(place, {"MfaConfiguration": "OPTIONAL"})
    pool.member()
    phone = [{"Name": "phone_number", "Value": "+15550100"}]
    place.cognito.admin_update_user_attributes(UserPoolId=pool.id, Username=EMAIL, UserAttributes=phone)
    settings = {"Enabled": True, "PreferredMfa": True}
    place.cognito.admin_set_user_mfa_preference(UserPoolId=pool.id, Username=EMAIL, SMSMfaSettings=settings)
    challenge = pool.sign_in()
    assert challenge["ChallengeName"] == "SMS_MFA"
    answer = pool.answer(challenge, USERNAME=EMAIL, SMS_MFA_CODE=place.code("+15550100"))
    assert answer["AuthenticationResult"]


def test_a_session_that_nobody_began_answers_no_challenge(pool: Pool) -> None:
    with refused("NotAuthorizedException"):
        pool.answer({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "x" * 30}, USERNAME=EMAIL)


def triggered(place: Place) -> Pool:
    pool = Pool(place, {"LambdaConfig": {"PreSignUp": FUNCTION, "PostConfirmation": FUNCTION}})
    pool.may_call()
    return pool


def test_the_pools_function_hears_of_a_sign_up_and_of_its_confirmation(place: Place) -> None:
    pool = triggered(place)
    user_id = pool.member()
    before, after = place.runner.events
    assert (before["triggerSource"], after["triggerSource"]) == ("PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp")
    assert before["userPoolId"] == pool.id
    assert before["callerContext"]["clientId"] == pool.client_id
    assert before["request"]["userAttributes"] == {"email": EMAIL, "name": "Ada"}
    assert before["response"] == {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    attributes = after["request"]["userAttributes"]
    assert (attributes["sub"], attributes["email_verified"]) == (user_id, "true")
    assert attributes["cognito:user_status"] == "CONFIRMED"


def test_whom_the_function_refuses_was_never_there(place: Place) -> None:
    def refuse(_event: dict[str, Any]) -> Any:
        raise ValueError("not from here")

    pool = triggered(place)
    place.runner.answer = refuse
    with refused("UserLambdaValidationException.*PreSignUp failed with error not from here"):
        pool.sign_up()
    assert place.cognito.list_users(UserPoolId=pool.id)["Users"] == []
    with refused("UserLambdaValidationException"):
        place.cognito.admin_create_user(UserPoolId=pool.id, Username=EMAIL)
    assert place.cognito.list_users(UserPoolId=pool.id)["Users"] == []


def test_a_function_may_confirm_at_once(place: Place) -> None:
    pool = triggered(place)
    place.runner.answer = lambda event: event | {"response": {"autoConfirmUser": True, "autoVerifyEmail": True}}
    pool.sign_up()
    assert pool.tokens()
    assert [event["triggerSource"] for event in place.runner.events][-1] == "PostConfirmation_ConfirmSignUp"


@pytest.mark.parametrize(("late", "works"), [(2, True), (3, False)])
def test_a_function_that_is_late_is_called_three_times(place: Place, late: int, works: bool) -> None:
    pool = triggered(place)
    place.runner.late = late
    if works:
        assert pool.sign_up()
    else:
        with refused("UnexpectedLambdaException"):
            pool.sign_up()
    assert len(place.runner.events) == 3


@pytest.mark.parametrize(
    "changes", [{"principal": "s3.amazonaws.com"}, {"qualifier": None}, {"function": "other"}, {"sourceArn": "arn:x"}]
)
def test_without_the_permission_the_function_is_not_called(place: Place, changes: dict[str, Any]) -> None:
    pool = triggered(place)
    pool.may_call(**changes)
    with refused("UnexpectedLambdaException.*AccessDenied"):
        pool.sign_up()
    assert place.runner.events == []


@pytest.mark.parametrize("answer", ["text", {}, {"response": None}])
def test_an_answer_of_another_shape_is_told(place: Place, answer: Any) -> None:
    pool = triggered(place)
    place.runner.answer = lambda _event: answer
    with refused("InvalidLambdaResponseException"):
        pool.sign_up()
