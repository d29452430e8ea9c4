namespace Qkms.Tests.Aws;

/// <summary>Requests about aliases that AWS refuses, each by the name of its exception.</summary>
public sealed class AliasBadInputTests : SharedServiceTests
{
    [Theory]
    [InlineData("CreateAlias", """{"TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/new"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"orders","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"Alias/new","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/a b","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/a:b","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/ä","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/a\u0000","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/LONG","TargetKeyId":"KEY"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/aws/s3","TargetKeyId":"KEY"}""", "NotAuthorizedException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/there","TargetKeyId":"KEY"}""", "AlreadyExistsException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/new","TargetKeyId":"alias/there"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/new","TargetKeyId":"arn:aws:kms:x:ACCOUNT:alias/there"}""", "ValidationException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/new","TargetKeyId":"nothing"}""", "NotFoundException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/new","TargetKeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("CreateAlias", """{"AliasName":"alias/new","TargetKeyId":"arn:aws:s3:::bucket"}""", "InvalidArnException")]
    [InlineData("CreateAlias", """{"AliasName":7,"TargetKeyId":"KEY"}""", "SerializationException")]
    [InlineData("UpdateAlias", """{"AliasName":"alias/none","TargetKeyId":"KEY"}""", "NotFoundException")]
    [InlineData("UpdateAlias", """{"AliasName":"alias/there"}""", "ValidationException")]
    [InlineData("UpdateAlias", """{"AliasName":"alias/there","TargetKeyId":"alias/there"}""", "ValidationException")]
    [InlineData("UpdateAlias", """{"AliasName":"alias/there","TargetKeyId":"SIGN"}""", "ValidationException")]
    [InlineData("UpdateAlias", """{"AliasName":"alias/there","TargetKeyId":"MAC"}""", "ValidationException")]
    [InlineData("UpdateAlias", """{"AliasName":"alias/aws/s3","TargetKeyId":"KEY"}""", "NotAuthorizedException")]
    [InlineData("DeleteAlias", "{}", "ValidationException")]
    [InlineData("DeleteAlias", """{"AliasName":"KEY"}""", "ValidationException")]
    [InlineData("DeleteAlias", """{"AliasName":"alias/none"}""", "NotFoundException")]
    [InlineData("ListAliases", """{"Limit":0}""", "ValidationException")]
    [InlineData("ListAliases", """{"Limit":101}""", "ValidationException")]
    [InlineData("ListAliases", """{"Marker":""}""", "InvalidMarkerException")]
    [InlineData("ListAliases", """{"Marker":"bWFya2Vy"}""", "InvalidMarkerException")]
    [InlineData("ListAliases", """{"Marker":"%"}""", "InvalidMarkerException")]
    [InlineData("ListAliases", """{"KeyId":"alias/there"}""", "NotFoundException")]
    [InlineData("ListAliases", """{"KeyId":"00000000-0000-0000-0000-000000000000"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"alias/none"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"alias/aws/s3"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"there"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"arn:aws:kms:eu-west-1:ACCOUNT:alias/none"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"arn:aws:kms:eu-west-1:ACCOUNT:key/alias/there"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"arn:aws:kms:eu-west-1:000000000000:alias/there"}""", "NotFoundException")]
    [InlineData("DescribeKey", """{"KeyId":"arn:aws:kms:eu-west-1:ACCOUNT:alias:there"}""", "InvalidArnException")]
    public async Task What_is_wrong_with_a_request_is_an_exception_of_aws(string operation, string body, string exception)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NamedAsync(signer, "AES-256", "alias/there");
        Answer described = await Client.CallAsync(signer, "DescribeKey", new { KeyId = key });
        (string Word, string Text)[] words =
        [
            ("KEY", key),
            ("ACCOUNT", (string)described.Json["KeyMetadata"]!["AWSAccountId"]!),
            ("LONG", new string('a', 251)),
            ("SIGN", body.Contains("SIGN", StringComparison.Ordinal) ? await NewKeyAsync("ML-DSA-44", "sign") : ""),
            ("MAC", body.Contains("MAC", StringComparison.Ordinal) ? await NewKeyAsync("HMAC-256", "mac") : ""),
        ];
        foreach ((string word, string text) in words)
            body = body.Replace(word, text, StringComparison.Ordinal);

        (await Client.CallAsync(signer, operation, body)).ShouldBeException(exception);
        (await KeyOfAsync(signer, "alias/there")).Should().Be(key, "nothing was changed");
    }

    private async Task<string> KeyOfAsync(AwsSigner signer, string name) =>
        (string)(await Client.CallAsync(signer, "DescribeKey", new { KeyId = name }))
            .ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["KeyId"]!;

    private async Task<string> NamedAsync(AwsSigner signer, string algorithm, string alias)
    {
        string key = await NewKeyAsync(algorithm, "default");
        (await Client.CallAsync(signer, "CreateAlias", new { AliasName = alias, TargetKeyId = key })).ShouldBe(HttpStatusCode.OK);
        return key;
    }

    private async Task<string> NewKeyAsync(string algorithm, string name) =>
        (await Client.GenerateAsync(algorithm, new { name })).Text("key_id");
}
