using Microsoft.Extensions.Primitives;

namespace Qkms.Tests.Aws;

/// <summary>Requests of four clients of AWS KMS as they came over the wire, signed with credentials that were made up for them.</summary>
internal static class CapturedRequests
{
    public const string AccessKeyId = "AKIAEXAMPLEEXAMPLE22";
    public const string Secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00";

    /// <summary>Each with the client's name, the lines of its head, and its body.</summary>
    public static IReadOnlyList<CapturedRequest> All { get; } =
    [
        new(
            "awscli",
            [
                "Host: 127.0.0.1:18081",
                "Accept-Encoding: identity",
                "X-Amz-Target: TrentService.DescribeKey",
                "Content-Type: application/x-amz-json-1.1",
                "User-Agent: aws-cli/1.45.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.1"
                    + "1.7 md/pyimpl#CPython m/b,Z,N,g,D cfg/retry-mode#legacy botocore/1.43.11",
                "X-Amz-Date: 20261127T151714Z",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE22/20261127/eu-central-1/kms/aws4_reque"
                    + "st, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=ac43dd44ec96d842bb500eaeacff4"
                    + "c87fba4ab97f9aaeedcbe6189b750560975",
                "amz-sdk-invocation-id: a7c04a8e-ec00-454e-b782-03fdc8e05556",
                "amz-sdk-request: attempt=1",
                "Content-Length: 14",
            ],
            """{"KeyId": "x"}"""),
        new(
            "boto3",
            [
                "Host: 127.0.0.1:18081",
                "Accept-Encoding: identity",
                "X-Amz-Target: TrentService.GenerateDataKey",
                "Content-Type: application/x-amz-json-1.1",
                "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11."
                    + "7 md/pyimpl#CPython m/Z,g,b,D,N cfg/retry-mode#legacy Botocore/1.43.11",
                "X-Amz-Date: 20261127T151715Z",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE22/20261127/eu-central-1/kms/aws4_reque"
                    + "st, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=9101befd54d9586cc0cc50ba0952f"
                    + "bebb3de1514dd8611da3df9bbd52e58ce71",
                "amz-sdk-invocation-id: 4bca0ecb-0947-4366-bfa2-2d961e32d5d6",
                "amz-sdk-request: attempt=1",
                "Content-Length: 36",
            ],
            """{"KeyId": "y", "KeySpec": "AES_256"}"""),
        new(
            "@aws-sdk/client-kms",
            [
                "content-type: application/x-amz-json-1.1",
                "x-amz-target: TrentService.Encapsulate",
                "content-length: 47",
                "x-amz-user-agent: aws-sdk-js/3.1160.0",
                "user-agent: aws-sdk-js/3.1160.0 ua/2.1 os/linux#6.1.0 lang/js md/nodejs#20.20.2 api/kms#3.1160.0 m/N,E,g",
                "host: 127.0.0.1:18081",
                "amz-sdk-invocation-id: 5453a4ab-966a-4fda-aac9-c113e4c22240",
                "amz-sdk-request: attempt=1; max=3",
                "x-amz-date: 20261127T151716Z",
                "x-amz-content-sha256: 3aeffbadff62a75fd21bcb7077fec65810453535c2208dc2312add7cea7447f3",
                "authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE22/20261127/eu-central-1/kms/aws4_reque"
                    + "st, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-conte"
                    + "nt-sha256;x-amz-date;x-amz-target;x-amz-user-agent, Signature=16d50a6c2614d59a187b52104bb6ab19bfb3c9"
                    + "1773d3d9fe0dc2e077efe68bc3",
            ],
            """{"KeyId":"z","EncapsulationAlgorithm":"ML_KEM"}"""),
        new(
            "AWSSDK.KeyManagementService",
            [
                "X-Amz-Target: TrentService.DescribeKey",
                "x-amz-api-version: 2014-11-01",
                "amz-sdk-invocation-id: 74e81b35-523a-4f76-8787-9e272cf28a31",
                "amz-sdk-request: attempt=1; max=3",
                "Host: 127.0.0.1:18081",
                "X-Amz-Date: 20261127T151716Z",
                "X-Amz-Content-SHA256: adf920fe09efafd62f5a60ee0cf6775bdcdfefb5ceb1ff70b108a1fe9ebede40",
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE22/20261127/eu-central-1/kms/aws4_reque"
                    + "st, SignedHeaders=content-type;host;x-amz-api-version;x-amz-content-sha256;x-amz-date;x-amz-target, "
                    + "Signature=98c1253321a645e681d95b9d2fea004dbfd3118dd4f81369b5402a59293dc2e3",
                "User-Agent: aws-sdk-dotnet-coreclr/4.1.0.0 ua/2.1 os/linux#6.1.0 md/ARCH#X64 lang/.NET_Core#10.0.12 "
                    + "md/aws-sdk-dotnet-core#4.1.0.0 api/KMS#4.1.0.0 md/ClientAsync cfg/init-coll#0 m/b,P,g,N,E",
                "Content-Length: 13",
                "Content-Type: application/x-amz-json-1.1",
            ],
            """{"KeyId":"w"}"""),
    ];
}

/// <summary>A request as it came over the wire.</summary>
/// <param name="Client">Who sent it.</param>
/// <param name="Lines">The header lines.</param>
/// <param name="Body">The body.</param>
public sealed record CapturedRequest(string Client, IReadOnlyList<string> Lines, string Body)
{
    /// <summary>The headers, by their names in any case.</summary>
    internal Dictionary<string, StringValues> Headers => Lines
        .Select(line => line.Split(": ", 2))
        .ToDictionary(pair => pair[0], pair => new StringValues(pair[1]), StringComparer.OrdinalIgnoreCase);

    public override string ToString() => Client;
}
