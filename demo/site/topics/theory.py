"""Theory and computation: probability, distributions, estimation, simulation, optimisation."""

from demo.site.material import Problem, Topic

PROBABILITY = Topic(
    name="probability",
    weight=5.0,
    tags="probability .84, self-study .3",
    problems=(
        Problem(
            tags="expected-value .72, combinatorics .25",
            titles="""
            - a: Expected number of draws until all «colours=6..24» colours have been seen
            - b: Expected number of «rolls|throws» until «sixes=two|three» sixes in a row
            - d: Expected value of the largest of «throws=three|four|five» dice
            - c: Mean waiting time with two bus lines, each every «headway=8..15» minutes
            """,
            says="""
            - a: Each packet contains one of «colours=6..24» coloured stickers at random. How many
              packets does one have to open, on average, to own all colours?
            - b: A fair die is rolled again and again until «sixes=two|three» sixes appear in a row.
              My answer is «36|42|216|258», simulation says something else.
            - c: Two buses leave every «headway=8..15» minutes, independently of each other. I
              arrive at a random time and take whichever comes first.
            - d: I throw «throws=three|four|five» dice and keep the largest. By symmetry there
              should be a short way to its mean.
            """,
            more="""
            - I tried $$E[T] = \\sum_{k \\ge 1} P(T \\ge k)$$ and ended up with a sum that I cannot
              simplify.
            - b: Conditioning on the first step gives an equation in which the unknown cancels.
            """,
            asks="""
            - Where is the mistake in my reasoning?
            - Is there an elegant way to see the answer?
            - A hint would be enough.
            """,
            python="""
            def rolls_until_pair():
                last = count = 0
                while True:
                    count += 1
                    face = random.randint(1, 6)
                    if face == last == 6:
                        return count
                    last = face
            """,
            intro=False,
            code_for="python b",
        ),
        Problem(
            tags="conditional-probability .82, bayes-theorem .3, independence .3",
            titles="""
            - a: Probability that both «are red|are boys|fail» given that at least one «is|does»
            - b: «Boxes=three|four|five» boxes, one prize, and a host who «forgets|coughs»
            - c: Are pairwise independent events «independent|always jointly independent»?
            - d: Given a sum of «7..11», what is the chance that one die shows «2..5»?
            """,
            says="""
            - a: A bag holds «3..7» red and «4..9» blue marbles. I draw two and am told that at
              least one is red. What is the chance that both are?
            - b: There are «boxes=three|four|five» boxes and one prize. The host opens an empty box
              by accident, not on purpose. My friend says that switching still helps.
            - c: Three events are independent in pairs, and still I cannot multiply all three
              probabilities.
            - d: Two dice were thrown, and I am told their sum. This leaves only a few pairs, but I
              am not sure that they are equally likely.
            """,
            more="""
            - a: Writing down all the equally likely cases gives me $\\tfrac13$; the formula $P(A
              \\mid B) = P(A \\cap B)/P(B)$ gives something else.
            """,
            asks="""
            - ab: Which of the two is right, and why does the way in which I learn it matter?
            - Can you show me where the conditioning enters?
            """,
            intro=False,
        ),
        Problem(
            tags="random-variable .5, density-function .5, distributions .4",
            titles="""
            - a: Distribution of the ratio of two «uniform|exponential|normal» variables
            - b: Density of $X^2$ when $X$ is «shape=uniform|triangular» on $[-1, «upper=2..6»]$
            - c: Sum of «three|four|twelve» uniform variables
            - c: Difference of two «exponential|geometric|uniform» waiting times
            - d: Correlated but with zero covariance: is that possible?
            """,
            says="""
            - a: $X$ and $Y$ are independent with densities $f$ and $g$. I need the density of $X/Y$
              and get lost in the limits of integration.
            - b: Let $X$ be «shape=uniform|triangular» on $[-1, «upper=2..6»]$ and $Y = X^2$. My
              density does not integrate to one.
            - c: I am looking for the distribution of $S = X_1 + \\dots + X_n$ without
              characteristic functions, as we have not had them yet.
            - d: I am looking for two variables of which one determines the other, and which have
              covariance zero.
            """,
            more="""
            - b: The transformation is not one to one, which I think is the catch.
            - c: With the Jacobian I get $$f_S(s) = \\int_0^s f(t)\\,g(s-t)\\,dt.$$
            """,
            asks="""
            - ac: How do I find the right limits?
            - abc: Is my approach correct so far?
            - d: Is there a simple example, and how does one find it?
            """,
            intro=False,
        ),
        Problem(
            tags="markov-process .82, stochastic-processes .4",
            titles="""
            - b: Stationary distribution of a chain with «states=four|five|six» states
            - a: Is my Markov chain periodic?
            - b: Expected time to absorption in a chain with «states=four|five|six» states
            - d: Random walk on the corners of a cube
            - c: Estimating transition probabilities between «k» states of «units»
            """,
            says="""
            - a: A frog jumps between «five|six|seven» stones, left or right with equal chance, and
              stays when it would fall off. I am looking for its long-run distribution.
            - b: I have a transition matrix with «states=four|five|six» states, one of which cannot
              be left. The power iteration does what I expect, the linear equations do not.
            - c: We know the state of each item in every «period» and would like to estimate how
              likely it is to go from one state to another. Some moves were never seen.
            - d: An ant walks along the edges of a cube, in a random direction at every corner. How
              long until it is back, on average?
            """,
            more="""
            - ab: The system $\\pi P = \\pi$ has one equation too few, so I added $\\sum_i \\pi_i =
              1$.
            """,
            asks="""
            - ab: Is there a condition that tells me when the limit exists?
            - b: How does one compute the expected number of steps?
            - c: What does one do about the moves that never occurred?
            - d: Is there a trick that uses the symmetry?
            """,
            python="""
            P = np.array([[.5, .5, 0], [.25, .5, .25], [0, .5, .5]])
            values, vectors = np.linalg.eig(P.T)
            pi = vectors[:, values.argmax()].real
            print(pi / pi.sum())
            """,
            intro=False,
            code_for="python ab",
        ),
        Problem(
            tags="central-limit-theorem .75, normal-distribution .4, convergence .3",
            titles="""
            - a: How large must n be for the central limit theorem with «very skewed|Pareto» data?
            - b: Mean of Cauchy variables does not settle down
            - a: Does «the|a» sample median obey a central limit theorem?
            """,
            says="""
            - a: I averaged «30|50|100» draws of a very skewed variable, ten thousand times. The
              histogram of averages is still lopsided.
            - b: The running mean of my simulated values jumps every now and then, however long I
              wait.
            """,
            more="""
            - I know that $\\sqrt n\\,(\\bar X_n - \\mu) \\to N(0, \\sigma^2)$ needs a finite
              variance.
            """,
            asks="""
            - a: What decides how fast it converges?
            - a: Is there a rule better than the famous thirty?
            - b: Should I have seen that coming?
            """,
            r="""
            means <- replicate(1e4, mean(rlnorm(50, sdlog = 2)))
            hist(means, breaks = 100)
            """,
            intro=False,
            code_for="r a",
        ),
    ),
    details="""
    - This is not homework, although it looks like it.
    - It is an exercise from an old exam, and no solution was published.
    - I checked small cases by hand, and they agree.
    - A simulation with a million runs gives 0.«111..893».
    """,
    tried="""
    - drawing a tree
    - counting cases
    - conditioning on the first step
    - generating functions
    - simulation
    """,
)

DISTRIBUTIONS = Topic(
    name="distributions",
    weight=4.0,
    tags="distributions .8",
    problems=(
        Problem(
            tags="goodness-of-fit .6, kolmogorov-smirnov .5, fitting .4",
            titles="""
            - a: Which distribution fits «outcome»?
            - b: Kolmogorov-Smirnov test with parameters estimated from «outcome»
            - a: Log-normal or gamma for «outcome»?
            """,
            says="""
            - a: I would like to describe «outcome» by a named distribution. A program tried eighty
              of them and ranked them by the sum of squared errors against a histogram.
            - b: I estimated mean and variance from «outcome» and then tested the fit with the very
              same data. The p-value is 0.9«3..8», too good to be true.
            """,
            more="""
            - a: It is positive, has one peak and a long tail on the right.
            - a: The two best candidates differ in the tail only, where I have «five|nine» points.
            """,
            asks="""
            - a: Does it matter which one I take?
            - b: How should one test this correctly?
            """,
            r="""
            library(fitdistrplus)
            descdist(d$«y»)
            gofstat(list(fitdist(d$«y», "lnorm"), fitdist(d$«y», "gamma")))
            """,
            python="""
            shape, loc, scale = stats.gamma.fit(df["«y»"], floc=0)
            stats.kstest(df["«y»"], "gamma", args=(shape, loc, scale))
            """,
        ),
        Problem(
            tags="poisson-distribution .8, count-data .35",
            titles="""
            - Is «event» per «period» a Poisson variable?
            - b: Variance of «event» counts exceeds the mean
            - a: Chance of «three|four|five» cases of «event» in one «period»
            """,
            says="""
            - a: On average there are «1.2..4.8» cases of «event» per «period». Last «period» there
              were «9..14», and everybody is looking for a reason.
            - b: Cases of «event» are supposed to be independent and rare, so I expected mean and
              variance to be equal. They are «2.1..3.0» and «5.1..9.9».
            """,
            more="""
            - a: I get $P(N \\ge k) = 1 - \\sum_{i<k} e^{-\\lambda}\\lambda^i/i!$, which is tiny.
            - Weekends are quieter, which may be all there is to it.
            """,
            asks="""
            - a: Is this within what chance produces?
            - a: How would one test it, given that we looked because it was high?
            - b: What could cause such a variance?
            """,
        ),
        Problem(
            tags="normal-distribution .8, variance .3, multivariate-normal .3",
            titles="""
            - b: Sum of two normal variables is not normal: an example?
            - c: Truncated normal for «outcome» that cannot be negative
            - a: Conditional mean of one normal variable given another
            """,
            says="""
            - a: For a bivariate normal vector I want the distribution of the first part given the
              second. The formula $\\mu_1 + \\Sigma_{12}\\Sigma_{22}^{-1}(x_2 - \\mu_2)$ is in every
              book, an explanation in none.
            - b: Both variables are Gaussian, and I was told that their sum need not be. I cannot
              imagine how.
            - c: What I model cannot be negative, so I cut the normal distribution off at zero. Mean
              and standard deviation are then no longer the parameters.
            """,
            more="""
            - a: I tried to complete the square and lost a factor of two.
            """,
            asks="""
            - a: Is there an intuitive derivation?
            - b: What would a simple counterexample look like?
            - c: How do I find parameters that give a certain mean?
            """,
            intro=False,
        ),
        Problem(
            tags="binomial .75, beta-distribution .4, confidence-interval .3, proportion .3",
            titles="""
            - a: Confidence interval for «hits=3..9» successes out of «shots=20..44»
            - b: Trials with slightly different probabilities: still binomial?
            - c: Beta distribution «explained with free throws|in plain words»
            - a: Wilson or Clopper-Pearson for a small percentage?
            """,
            says="""
            - a: Only «hits=3..9» out of «shots=20..44» trials succeeded. The textbook interval
              reaches below zero, which cannot be.
            - b: Each of my «n» trials has its own probability of success. I know their mean, and
              wonder whether the number of successes has the usual variance.
            - c: I keep hearing that the beta distribution describes what one knows about a
              percentage. The formula tells me nothing.
            """,
            more="""
            - a: Exact and approximate limits differ by «four|six» percentage points.
            """,
            asks="""
            - a: Which interval do you recommend for small samples?
            - b: Is the variance larger or smaller in that case?
            - c: Is there an example that makes it obvious?
            """,
            intro=False,
        ),
        Problem(
            tags="extreme-value .65, quantiles .5, pareto-distribution .35",
            titles="""
            - a: Fifty-year level of «outcome» from «years» years of data
            - b: Heavy tails: does the mean of «outcome» exist?
            - a: Confidence interval for the 99th percentile of «outcome»
            - a: Block maxima or peaks over a threshold for «outcome»?
            """,
            says="""
            - a: I need the value of «outcome» that is exceeded once in fifty years, and have
              «years» years of data. The generalised extreme value fit depends on a single bad year.
            - b: The largest value of «outcome» is «four|five» times the second largest, and the
              average follows it.
            """,
            more="""
            - The shape parameter is 0.«12..38», plus or minus as much.
            """,
            asks="""
            - a: Is there any honest way to extrapolate that far?
            - a: How is the threshold chosen?
            - b: Does it make sense to report a mean at all?
            """,
            r="""
            library(extRemes)
            fit <- fevd(d$«y», type = "GEV")
            return.level(fit, 50, do.ci = TRUE)
            """,
            code_for="r a",
        ),
    ),
    details="""
    - A histogram is not very helpful, as its shape depends on the bins.
    - There are «rows» values, all of them positive.
    - The exact zeros are real, not rounding.
    """,
    tried="""
    - the method of moments
    - a quantile plot against each candidate
    - a kernel density estimate
    - a mixture of two components
    """,
    aside="""
    - The distribution of «outcome» is skewed to the right, by the way.
    """,
    aside_tags="distributions .35",
)

ESTIMATION = Topic(
    name="estimation and optimisation",
    weight=4.0,
    tags="estimation .3",
    problems=(
        Problem(
            tags="maximum-likelihood .86, likelihood .3, distributions .15",
            titles="""
            - a: Maximum likelihood for a «uniform|shifted exponential|triangular» distribution
            - b: Likelihood has two maxima «for a mixture|with one outlier»
            - c: Is the maximum likelihood estimator of «the variance|a rate» biased?
            - b: Standard errors from the Hessian are negative
            - d: Why does one maximise the logarithm of the likelihood?
            """,
            says="""
            - a: For a sample from a uniform distribution on $[0, \\theta]$, setting the derivative
              of the likelihood to zero leads nowhere.
            - b: I maximise a log-likelihood with `optim`. It converges, but the Hessian that it
              returns is not positive definite, so some variances come out negative.
            - c: The estimate is consistent and yet biased for every finite sample, which I find
              hard to imagine.
            - d: All books take logarithms before they look for the maximum. I see that it is
              allowed, but not what it is good for.
            """,
            more="""
            - b: $$\\ell(\\theta) = \\sum_{i=1}^n \\log f(x_i; \\theta)$$ is easy to compute, and
              flat around its top.
            - b: From other starting values I end up somewhere else.
            """,
            asks="""
            - a: What is the general recipe when the support depends on the parameter?
            - b: What can be done about the Hessian?
            - c: Is there a small example in which one can see it?
            - d: Is it just for convenience?
            """,
            r="""
            nll <- function(p) -sum(dweibull(x, exp(p[1]), exp(p[2]), log = TRUE))
            fit <- optim(c(0, 0), nll, hessian = TRUE)
            sqrt(diag(solve(fit$hessian)))
            """,
            python="""
            def nll(p):
                return -stats.gamma.logpdf(x, np.exp(p[0]), scale=np.exp(p[1])).sum()

            result = minimize(nll, x0=[0.0, 0.0], method="Nelder-Mead")
            """,
            intro=False,
            code_for="r b, python b",
        ),
        Problem(
            tags="optimization .8, gradient-descent .7, convergence .3",
            titles="""
            - a: Gradient descent zigzags «down a valley|for two correlated inputs»
            - a: Choosing a step size for gradient descent by hand
            - b: Newton's method diverges «far from the optimum|at the second step»
            - c: Minimise a cost under the constraint that the weights sum to one
            - d: Stochastic or full gradient for «rows» rows?
            """,
            says="""
            - a: I minimise a squared error with my own gradient descent. With a small step nothing
              happens, with one that is slightly larger it blows up.
            - b: Newton's method needs four steps when I start close to the minimum, and runs away
              otherwise.
            - c: I have to minimise a smooth cost over weights that are positive and sum to one.
            - d: With «rows» rows the full gradient takes a while, and a random part of it is so
              noisy that the path looks drunk.
            """,
            more="""
            - ab: The condition number of the matrix is about $10^{«4..8»}$.
            - The function is convex, so there should be no surprises.
            """,
            asks="""
            - ad: Is there a rule for the step that does not need trial and error?
            - Which method would a numerical analyst take?
            """,
            python="""
            for step in range(10_000):
                grad = X.T @ (X @ w - y) / len(y)
                w -= rate * grad
                if np.linalg.norm(grad) < 1e-8:
                    break
            """,
            intro=False,
            code_for="python a",
        ),
        Problem(
            tags="unbiased-estimator .6, variance .55, standard-deviation .4, mean .25",
            titles="""
            - a: Why divide by n - 1 «in the variance|and not by n»?
            - c: Standard deviation or standard error of «outcome» in a «table|bar chart»?
            - d: Variance of a product of two independent variables
            - b: Average of «k» standard deviations
            """,
            says="""
            - a: I understand that one degree of freedom is lost to the mean. But why is the
              correction exactly one, and not some other number?
            - b: I have mean and standard deviation of «outcome» for each «group», but not the
              single values. Now I need both for all «groups» together.
            - c: Some of our tables show the standard deviation of «outcome» and some the standard
              error, and nobody says which.
            - d: I know mean and variance of two independent variables and need the variance of
              their product.
            """,
            more="""
            - a: With $n$ in the denominator the mean squared error is smaller, they say.
            """,
            asks="""
            - ad: Can somebody show it without a page of algebra?
            - b: What is the right formula for the combination?
            - c: When is which of them appropriate?
            """,
            intro=False,
        ),
        Problem(
            tags="a:kullback-leibler .85, entropy .55, information-theory .5,"
            " d:mutual-information .8",
            titles="""
            - a: Why is the Kullback-Leibler divergence not symmetric?
            - c: Entropy of «outcome» depends on the bin width
            - d: Mutual information of «x» and «outcome» from «n» points
            - b: Negative differential entropy: what does it mean?
            """,
            says="""
            - a: I compare two histograms of «outcome» by $\\sum_i p_i \\log(p_i/q_i)$. Exchanging
              the two gives another value, and a single empty bin makes it infinite.
            - b: The entropy of a density can be negative, unlike that of a discrete variable.
            - c: The entropy of «outcome» that I compute from a histogram grows with the number of
              bins.
            - d: I estimate the mutual information of «x» and «outcome» from a two-way histogram of
              «n» points. Even for shuffled data it is far from zero.
            """,
            more="""
            - a: I added a small constant to each bin, and the result depends on the constant.
            """,
            asks="""
            - a: Which direction is the one I want?
            - Is there a measure without these problems?
            """,
            intro=False,
        ),
    ),
    details="""
    - I have a background in engineering, not in statistics.
    - A short derivation would help me more than a reference.
    - The same thing with made-up numbers works as expected.
    """,
    tried="""
    - another starting point
    - a grid search
    - logarithms of the parameters
    - deriving it with pencil and paper, twice
    """,
    aside="""
    - The estimates are maximum likelihood estimates, if that matters.
    """,
    aside_tags="maximum-likelihood .45",
)

SIMULATION = Topic(
    name="simulation and resampling",
    weight=3.4,
    tags="",
    problems=(
        Problem(
            tags="bootstrap .9, confidence-interval .55, resampling .35, r .2",
            titles="""
            - a: Percentile or BCa interval for the median «outcome»?
            - a: Bootstrap with «n» «units»: too few?
            - b: How to resample «units» when each has several rows
            - a: Bootstrap interval does not contain the estimate
            - c: Bootstrap of a maximum gives the same value again and again
            """,
            says="""
            - a: I resample the «n» «units» with replacement and compute the median «outcome» each
              time. The percentile interval and the bias corrected one are quite different.
            - b: Every «unit» has several rows. If I draw rows, the interval is much narrower than
              if I draw whole «units».
            - c: The distribution of resampled values has only a handful of different values, with
              large gaps.
            """,
            more="""
            - With 1,000 or 10,000 resamples there is no difference.
            - a: The statistic is a ratio, and its denominator can come near zero.
            """,
            asks="""
            - ab: Which of the intervals should I trust?
            - When does resampling fail altogether?
            """,
            r="""
            library(boot)
            b <- boot(d$«y», function(x, i) median(x[i]), R = 5000)
            boot.ci(b, type = c("perc", "bca"))
            """,
            python="""
            rng = np.random.default_rng(«1..99»)
            medians = [np.median(rng.choice(y, size=len(y))) for _ in range(5000)]
            np.percentile(medians, [2.5, 97.5])
            """,
            code_for="r ac, python ac",
        ),
        Problem(
            tags="simulation .75, random-generation .6, copula .25",
            titles="""
            - a: Simulating correlated «counts|yes/no variables» for «n» «units»
            - b: How to draw from a density that I can only evaluate
            - a: Simulate «units» that resemble my data
            - c: Uniform points in a «disc|circular park|round dish»
            """,
            says="""
            - a: I need artificial data in which «x» and «outcome» have a given rank correlation and
              their own marginal distributions.
            - b: The density is known up to a constant, and I can evaluate it, but there is no
              ready-made generator. Rejection accepts one draw in «two|nine» thousand.
            - c: I need points that are evenly spread, but polar coordinates with a uniform radius
              put far too many into the middle.
            """,
            more="""
            - a: A copula was suggested, and I am not sure that I understand the difference to
              simply transforming normal variables.
            """,
            asks="""
            - What is the simplest correct way?
            - How can I check that the generator does what it should?
            """,
            r="""
            z <- MASS::mvrnorm(«500|1000», c(0, 0), matrix(c(1, .7, .7, 1), 2))
            u <- pnorm(z)
            x <- qgamma(u[, 1], 2); y <- qpois(u[, 2], 3)
            """,
            code_for="r a",
        ),
        Problem(
            tags="monte-carlo .84, simulation .4, integral .25",
            titles="""
            - a: Error of a Monte Carlo integral falls too slowly
            - b: Importance sampling has a few giant weights
            - a: How many simulation runs do I need for «two|three» digits?
            """,
            says="""
            - a: I estimate an integral in «six|ten|twelve» dimensions by averaging over random
              points. To get one more digit I need a hundred times as many.
            - b: With a proposal that seemed natural, three of ten thousand points carry nearly all
              of the weight.
            """,
            more="""
            - a: The standard error is $\\sigma/\\sqrt{N}$, and $\\sigma$ is what hurts.
            - a: A quasi-random sequence is better, but then I have no standard error.
            """,
            asks="""
            - a: How can the variance be reduced?
            - b: How would one notice that the estimate is off?
            """,
            python="""
            u = rng.random((N, «6..12»))
            values = np.exp(-np.sum(u**2, axis=1))
            print(values.mean(), values.std() / np.sqrt(N))
            """,
            intro=False,
            code_for="python a",
        ),
        Problem(
            tags="permutation-test .8, nonparametric .35, hypothesis-testing .5",
            titles="""
            - a: Permutation test for «treatment» with blocks by «group»
            - b: Smallest possible p-value with «arm=4..7» «units» in each arm
            - c: What may be shuffled in a regression with two predictors?
            """,
            says="""
            - a: I shuffle the labels of «treatment» and compare the difference in mean «outcome»
              with the real one. As the «units» come in «groups», I doubt that all shuffles are
              allowed.
            - b: There are only «arm=4..7» «units» in each arm, so the number of different shuffles
              is small.
            - c: There are two predictors, «x» and «z», and I want to test «x» by shuffling. If I
              shuffle «x» itself, its relation with «z» is destroyed as well.
            """,
            more="""
            - a: Ten thousand shuffles give p = 0.0«11..58».
            """,
            asks="""
            - ac: What exactly is exchangeable here?
            - b: Should the observed arrangement be counted in?
            """,
            r="""
            perm <- replicate(9999, diff(tapply(d$«y», sample(d$treated), mean)))
            mean(abs(c(perm, obs)) >= abs(obs))
            """,
            code_for="r ab",
        ),
    ),
    details="""
    - Speed is not an issue, I can let it run over night.
    - The seed is fixed, so the numbers can be reproduced.
    """,
    tried="""
    - more replications
    - another random number generator
    - the same thing with simulated data of known parameters
    - the jackknife
    """,
    aside="""
    - A simple bootstrap gives an interval of similar width.
    """,
    aside_tags="bootstrap .5",
)

TOPICS = (PROBABILITY, DISTRIBUTIONS, ESTIMATION, SIMULATION)
