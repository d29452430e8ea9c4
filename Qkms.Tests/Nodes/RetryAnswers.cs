using System.Globalization;

namespace Qkms.Tests.Nodes;

/// <summary>What a client may conclude from an answer that it should come back later.</summary>
internal static class RetryAnswers
{
    /// <summary>Asserts the one refusal after which everything can be repeated as it is, with a number of whole seconds to wait.</summary>
    public static Answer ShouldSayLater(this Answer answer)
    {
        answer.ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
        int.Parse(answer.Headers["Retry-After"], NumberStyles.None, CultureInfo.InvariantCulture).Should().BePositive();
        answer.Body.Should().NotContainAny("Npgsql", "127.0.0.1", "connection", "postgres");
        return answer;
    }
}
