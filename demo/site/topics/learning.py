"""Machine learning: classifiers, trees, networks, validation, text."""

from demo.site.material import Problem, Topic

CLASSIFICATION = Topic(
    name="classification",
    weight=6.0,
    tags="classification .72, machine-learning .5",
    problems=(
        Problem(
            tags="unbalanced-classes .82, precision-recall .3, accuracy .25",
            titles="""
            - «94..99»% accuracy by always predicting no «event»
            - Oversample or weight when only «1..6»% of «units» have «event»?
            - SMOTE before or after splitting the data?
            - Predicted probabilities are far too high after undersampling
            """,
            says="""
            - Only «1..6»% of the «units» have «event». Every classifier that I train says no to all
              of them, and its accuracy is excellent.
            - I balanced the classes by throwing away most of the negatives. Now recall is fine, and
              the predicted probabilities are absurd.
            - With synthetic minority examples the validation score jumped to 0.9«4..8». I had made
              them before splitting, though.
            """,
            more="""
            - Missing «a unit» is about «ten|twenty|fifty» times as expensive as a false alarm.
            - Moving the threshold gives much the same curve as reweighting.
            """,
            asks="""
            - Is balancing needed at all?
            - Which score should I optimise in such a case?
            - How can I get the probabilities back to the right level?
            """,
            python="""
            clf = LogisticRegression(class_weight="balanced", max_iter=1000)
            clf.fit(X_train, y_train)
            print(confusion_matrix(y_test, clf.predict(X_test)))
            """,
            output="""
            [[«4100..4900»   «20..90»]
             [  «61..88»   «12..30»]]
            """,
        ),
        Problem(
            tags="roc .72, auc .68, precision-recall .45, model-evaluation .35",
            titles="""
            - AUC of 0.9«1..7» but precision of «5..19»% for «event»
            - How to choose the threshold on a ROC curve
            - Comparing the AUC of two classifiers on the same «units»
            - AUC below 0.5 on new «units»
            - F1, AUC or log loss for ranking «units» by risk?
            """,
            says="""
            - The area under the curve is 0.9«1..7», yet of the «units» that we flag only one in
              «ten| seven|fifteen» really has «event».
            - Two models have areas of 0.«81..84» and 0.«85..87» on the same test set. Somebody
              asked whether the difference is real.
            - I have to pick a cut-off for the score. The point nearest to the top left corner was
              suggested, but without any reason.
            """,
            more="""
            - True positive rate is 0.«71..88» at a false positive rate of 0.«08..15».
            - The curve has a corner in it, as if there were only a few distinct scores.
            """,
            asks="""
            - Which summary would tell our users what they can expect?
            - How should costs enter the choice?
            """,
            r="""
            library(pROC)
            r1 <- roc(test$«event_name», p1)
            r2 <- roc(test$«event_name», p2)
            roc.test(r1, r2)
            """,
            python="""
            fpr, tpr, thresholds = roc_curve(y_test, scores)
            print(roc_auc_score(y_test, scores), average_precision_score(y_test, scores))
            """,
        ),
        Problem(
            tags="svm .86, kernel-trick .4, libsvm .2",
            titles="""
            - Nearly all my training points are support vectors
            - Intuition behind the kernel trick for «four|two» classes
            - SVM with RBF kernel predicts one class only
            - Choosing C and gamma for «units» with «20..90» features
            """,
            says="""
            - I train a support vector machine with a radial kernel. «85..97»% of the training
              points become support vectors, and on new data it always predicts the same class.
            - I see that the dual needs only inner products $\\langle x_i, x_j\\rangle$, but not why
              any function $k(x_i, x_j)$ may be put in its place.
            """,
            more="""
            - The features were not scaled at first; scaling changed a lot.
            - The grid for C and gamma goes from 0.001 to 1000 in powers of ten.
            """,
            asks="""
            - What does that tell me about the parameters?
            - Could somebody explain it without functional analysis?
            """,
            python="""
            svc = make_pipeline(StandardScaler(), SVC(C=10, gamma="scale"))
            svc.fit(X, y)
            print(svc[-1].n_support_.sum() / len(X))
            """,
            intro=False,
        ),
        Problem(
            tags="calibration .7, probability .25, scoring-rules .4",
            titles="""
            - Are the scores of my classifier probabilities of «event»?
            - Calibrating predicted risks of «event» with few positives
            - Brier score or log loss for risks of «event»
            """,
            says="""
            - Among «units» to which the classifier gives 80%, only about half have «event». The
              ranking is good, the numbers are not.
            - Platt scaling and isotonic regression give different results, and with «60..120»
              positives I do not know which one to believe.
            """,
            more="""
            - The reliability diagram is S-shaped.
            """,
            asks="""
            - Which method is preferable with so few positives?
            - On which part of the data should one calibrate?
            """,
            python="""
            calibrated = CalibratedClassifierCV(clf, method="isotonic", cv=5).fit(X, y)
            frac, mean_pred = calibration_curve(y_test, calibrated.predict_proba(X_test)[:, 1])
            """,
        ),
        Problem(
            tags="naive-bayes .6, k-nearest-neighbour .6",
            titles="""
            - Naive Bayes with numbers and categories for «units»
            - Why does naive Bayes work although «x» and «z» are correlated?
            - Nearest neighbours get worse when I add features of «units»
            - Which k for nearest neighbours with «n» «units»?
            """,
            says="""
            - Treating «x» and «z» as independent within each class is plainly wrong, and still this
              classifier is as good as anything else that I have tried.
            - With «four|five» features a nearest neighbour rule works well. With «40..90» it is no
              better than guessing.
            """,
            more="""
            - Some combinations never occur in training, so I add one to each count.
            """,
            asks="""
            - Is there a simple explanation?
            - What would you try next?
            """,
        ),
    ),
    details="""
    - I have «rows» labelled examples and «12..60» features.
    - The labels come from people and are wrong now and then.
    - Training and test «units» are from different «groups», on purpose.
    - We use it to decide which «units» to look at first.
    """,
    tried="""
    - another classifier, with nearly the same result
    - moving the threshold
    - more features
    - fewer features
    - cleaning «two hundred|some hundred» labels by hand
    """,
    aside="""
    - A simple classifier for «event» does not do badly on the same features.
    """,
    aside_tags="classification .5, machine-learning .3",
)

TREES = Topic(
    name="trees and ensembles",
    weight=4.5,
    tags="machine-learning .45",
    problems=(
        Problem(
            tags="random-forest .88, importance .5, feature-selection .25, regression .12",
            titles="""
            - Random forest says that the row number is important
            - Why do permutation and impurity importance disagree about «x»?
            - Random forest predicts «outcome» badly outside the range of «x»
            - Out-of-bag error is much lower than the test error
            - Does a random forest need one-hot encoding of «groups»?
            """,
            says="""
            - According to the impurity measure, the most important feature for «outcome» is an
              identifier that should carry no information. Permutation importance puts it last.
            - The forest predicts «outcome» very well, but for high values of «x» the predictions
              stay flat, as if there were a ceiling.
            - Out of bag I get an error of 0.«11..19», on fresh «units» 0.«28..40». Each «unit» has
              several rows.
            """,
            more="""
            - The forest has 500 trees with default depth.
            - «X» and «z» share their information, so each of them can stand in for the other.
            """,
            asks="""
            - Which of the measures should I report?
            - Is this a property of the method or a mistake of mine?
            """,
            r="""
            library(ranger)
            rf <- ranger(«y» ~ ., data = d, importance = "permutation")
            sort(importance(rf), decreasing = TRUE)
            """,
            python="""
            rf = RandomForestRegressor(500, oob_score=True, random_state=0).fit(X, y)
            result = permutation_importance(rf, X_test, y_test, n_repeats=20)
            """,
        ),
        Problem(
            tags="boosting .8, xgboost .62, hyperparameter .3",
            titles="""
            - Gradient boosting: few deep trees or many stumps for «outcome»?
            - Early stopping of xgboost «stops after 9 rounds|never stops»
            - Boosted trees beat the linear model of «outcome» in training only
            - Learning rate and number of trees in gradient boosting
            - Monotone effect of «x» in boosted trees
            """,
            says="""
            - I train gradient boosted trees on «outcome». With a learning rate of 0.3 the
              validation loss is lowest after «8..20» rounds, with 0.01 it still falls after five
              thousand.
            - On the training data xgboost has almost no error, on held-out «units» it is no better
              than a straight line.
            - We know that more «x» never lowers «outcome», but the fitted function goes up and
              down.
            """,
            more="""
            - Depth is 6, and rows and columns are subsampled at 0.8.
            - The importance plot names «x» and «z» first, as expected.
            """,
            asks="""
            - In what order would you tune these?
            - What could the reason be, and how would I find out?
            """,
            r="""
            xgb.cv(list(eta = 0.05, max_depth = 4), dtrain, nrounds = 2000, nfold = 5,
                   early_stopping_rounds = 50)
            """,
            python="""
            model = XGBRegressor(n_estimators=5000, learning_rate=0.0«1..5»,
                                 early_stopping_rounds=50)
            model.fit(X_train, y_train, eval_set=[(X_valid, y_valid)])
            """,
        ),
        Problem(
            tags="cart .82, rpart .35, classification .3, pruning .35",
            titles="""
            - How far should I prune a tree for «event»?
            - Decision tree splits on «x» three times in a row
            - rpart returns only a root node
            - A small change in the data gives an entirely different tree
            """,
            says="""
            - I grew a single tree because we need rules that one can print on a card. Leaving out
              «two|three» «units» changes the first split.
            - The tree consists of its root only, although «x» obviously has to do with «event».
            - With default settings the tree has «25..60» leaves, and many of them hold fewer than
              ten «units».
            """,
            more="""
            - The complexity table has its minimum at «four|six|nine» splits.
            - Surrogate splits are used where «z» is missing.
            """,
            asks="""
            - How do you arrive at a tree that is small and stable?
            - Which parameter is responsible?
            """,
            r="""
            library(rpart)
            tree <- rpart(«event_name» ~ ., data = d, cp = 0.00«1..9»)
            printcp(tree)
            """,
            python="""
            tree = DecisionTreeClassifier(min_samples_leaf=20, ccp_alpha=0.0«1..4»)
            print(export_text(tree.fit(X, y), feature_names=list(X)))
            """,
        ),
        Problem(
            tags="ensemble .7, stacking .5, bagging .4",
            titles="""
            - Averaging «three|five» models is better than the best of them: why?
            - Stacking leaks: how to train the second level
            - Bagging a linear model does nothing
            """,
            says="""
            - I average the predictions of «three|four|five» quite different models and get a lower
              error than with any of them alone.
            - The second-level model gets nearly perfect inputs in training, since the first-level
              models have seen those rows.
            """,
            more="""
            - The weights found by least squares are partly negative.
            """,
            asks="""
            - Is there a theory behind this?
            - How should the folds be arranged?
            """,
            intro=False,
        ),
    ),
    details="""
    - There are «rows» rows and «15..70» features, numbers and categories.
    - Missing values are left as they are, since the library can deal with them.
    - Only the ranking of the «units» matters in the end.
    """,
    tried="""
    - a smaller learning rate
    - limiting the depth
    - more trees
    - target encoding of «group»
    - taking out the strongest feature
    """,
    aside="""
    - A random forest on the same features is slightly better, but nobody can explain it.
    """,
    aside_tags="random-forest .5",
)

NETWORKS = Topic(
    name="neural networks",
    weight=5.5,
    tags="neural-networks .8, machine-learning .3, deep-learning .32",
    problems=(
        Problem(
            tags="keras .45, overfitting .5, dropout .3",
            titles="""
            - Validation loss rises while accuracy still improves
            - Network memorises «n» «units» and learns nothing
            - Dropout makes my small network worse
            - Training loss is higher than validation loss
            - When should I stop training «on few examples|a small network»?
            """,
            says="""
            - After «five|eight|twelve» epochs the validation loss goes up, while the accuracy on
              the same data still creeps upwards.
            - My network with two hidden layers reaches 100% on the training data and is at chance
              level elsewhere.
            - The training loss stays above the validation loss for the whole run, which I did not
              think was possible. There are two dropout layers.
            """,
            more="""
            - The architecture has about «20..90» thousand weights for «rows» examples.
            - Weight decay delays the effect, but does not change where it ends.
            """,
            asks="""
            - Which of the two curves should decide when to stop?
            - Is something wrong, or is that to be expected?
            """,
            python="""
            model = Sequential([
                Dense(64, activation="relu", input_shape=(«12..40»,)),
                Dropout(0.3),
                Dense(1, activation="sigmoid"),
            ])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(X, y, validation_split=0.2, epochs=50)
            """,
        ),
        Problem(
            tags="conv-neural-network .84, image-classification .45, keras .25",
            titles="""
            - How to compute the output size of a convolution with stride «2|3»
            - CNN for photographs of «units»: all predicted as the same class
            - Why 3x3 filters and not larger ones?
            - Data augmentation for «300..900» photographs of «units»
            - What do the filters in the second layer look at?
            """,
            says="""
            - I want to recognise «event» in photographs of «units», of which I have «300..900». A
              small convolutional network predicts the larger class for every picture.
            - A layer with a kernel of 5, stride «2|3» and no padding turns 64 pixels into a number
              that I cannot reproduce. I use $\\lfloor (n + 2p - k)/s \\rfloor + 1$.
            """,
            more="""
            - Batch size is 32; pixels are scaled to between 0 and 1.
            - With a network trained on other images and only the last layer replaced, it works.
            """,
            asks="""
            - How many images would one need to train from scratch?
            - Where is my mistake?
            """,
            python="""
            model.add(Conv2D(32, 3, activation="relu", input_shape=(64, 64, 3)))
            model.add(MaxPooling2D())
            model.add(Flatten())
            model.add(Dense(«2..6», activation="softmax"))
            """,
        ),
        Problem(
            tags="lstm .75, rnn .55, time-series .5, keras .25",
            titles="""
            - LSTM predicts yesterday's «outcome»
            - Shape of the input for an LSTM on «outcome» of «n» «units»
            - Recurrent network for sequences of different lengths
            - Stateful or stateless LSTM for «outcome»?
            """,
            says="""
            - My recurrent network is to predict the next value of «outcome» from the last «14..60».
              Its prediction looks great on the plot, until one notices that it is the previous
              value, shifted by one.
            - I have sequences of «20..200» steps from different «units». Padding them with zeros
              works, but the network seems to learn the padding.
            """,
            more="""
            - A naive forecast has nearly the same error, which is disappointing after a night of
              training.
            - The hidden state has 50 units, more do not help.
            """,
            asks="""
            - How can I force it to learn more than persistence?
            - Is masking the usual answer?
            """,
            python="""
            model.add(Masking(0.0, input_shape=(None, 3)))
            model.add(LSTM(50))
            model.add(Dense(1))
            model.compile("adam", "mse")
            """,
        ),
        Problem(
            tags="backpropagation .7, gradient-descent .5, activation-function .35",
            titles="""
            - Derivative of softmax with cross-entropy by hand
            - All weights become NaN after «some|a few hundred» steps
            - Dead ReLU units: «60..90»% of activations are zero
            - Why do we need a bias in each layer?
            - Vanishing gradient in a network with «8..20» layers
            - XOR network converges only sometimes
            """,
            says="""
            - I write backpropagation by hand to understand it. For the last layer with softmax I
              get $\\partial L / \\partial z_i = p_i - y_i$, but my numerical check says otherwise.
            - After «two hundred|a thousand» steps all weights are NaN. The loss looked fine until
              then.
            - In a deep network with sigmoid activations the gradient of the first layers is about
              $10^{-9}$, and nothing moves.
            """,
            more="""
            - The learning rate is 0.«01..5», weights start from a standard normal.
            - Another initialisation makes it work every time, and I would like to know why.
            """,
            asks="""
            - What did I do wrong in the chain rule?
            - How does one debug such a thing?
            """,
            python="""
            def softmax(z):
                e = np.exp(z - z.max(axis=1, keepdims=True))
                return e / e.sum(axis=1, keepdims=True)

            grad = (softmax(z) - onehot) / len(z)
            """,
            intro=False,
        ),
        Problem(
            tags="autoencoders .6, loss-functions .5, optimization .3",
            titles="""
            - Autoencoder reconstructs the mean of «outcome»
            - Custom loss: underestimating «outcome» is worse than overestimating
            - Adam or plain SGD for a small network?
            - Predict a distribution of «outcome» instead of one number
            """,
            says="""
            - Too low a prediction of «outcome» costs us about «three|four|ten» times as much as one
              that is too high, so squared error is not what I want to minimise.
            - The autoencoder that I trained on «x», «z» and «outcome» returns the average for every
              input.
            """,
            more="""
            - A quantile loss came to my mind; is it the same thing?
            - With a bottleneck of 2 or 16 the result is the same.
            """,
            asks="""
            - How would one write that as a loss?
            - Is it the learning rate, the architecture or the data?
            """,
            python="""
            def pinball(y_true, y_pred, q=0.8):
                diff = y_true - y_pred
                return K.mean(K.maximum(q * diff, (q - 1) * diff))
            """,
        ),
    ),
    details="""
    - Inputs are scaled to zero mean and unit variance.
    - I use a batch size of «32|64|128» and the default learning rate.
    - There are «rows» training examples.
    - A GPU is available, time is not the problem.
    """,
    tried="""
    - fewer layers
    - batch normalisation
    - a smaller learning rate
    - early stopping with patience 5
    - another initialisation
    - shuffling, which I had forgotten at first
    """,
    aside="""
    - I also trained a small neural network on the same data, without much tuning.
    """,
    aside_tags="neural-networks .5",
)

VALIDATION = Topic(
    name="validation and tuning",
    weight=5.0,
    tags="cross-validation .76, machine-learning .3",
    problems=(
        Problem(
            tags="model-selection .4, hyperparameter .42, scikit-learn .2",
            titles="""
            - Do I need nested cross-validation to compare «three|four|five» models?
            - Best score of a grid search is too good on new «units»
            - Which of the «five|ten» fitted models do I use in the end?
            - Random search with «40..90» trials overfits the validation set
            """,
            says="""
            - I tune parameters with a grid of «60..400» combinations and report the best mean score
              of the folds. On new «units» it is clearly worse.
            - After ten folds I have ten fitted models and one average. It is not clear to me which
              model goes into production.
            """,
            more="""
            - The standard deviation between folds is about as large as the differences that I want
              to see.
            - The double loop takes «three|nine» hours.
            """,
            asks="""
            - Is the second loop needed, or is it pedantry?
            - What should I report as expected performance?
            """,
            python="""
            search = GridSearchCV(pipe, grid, cv=KFold(5, shuffle=True, random_state=0))
            scores = cross_val_score(search, X, y, cv=10)   # nested
            print(scores.mean(), scores.std())
            """,
            r="""
            library(caret)
            ctrl <- trainControl(method = "repeatedcv", number = 10, repeats = 5)
            train(«y» ~ ., data = d, method = "glmnet", trControl = ctrl, tuneLength = 10)
            """,
        ),
        Problem(
            tags="data-leakage .65, feature-selection .35, preprocessing .35",
            titles="""
            - Scaling before splitting: does it matter «in practice|with rows enough»?
            - Too good to be true: AUC 0.99 for «event»
            - Selecting features inside or outside of the folds
            - The same «unit» in training and test set
            """,
            says="""
            - My validation scores are excellent, and in use the model is hardly better than
              guessing. Rows of the same «unit» were spread over the folds.
            - I chose the «twenty|thirty» features with the highest correlation with «event» first,
              and ran the folds on those afterwards.
            - One of the columns turns out to be filled in after «event» only.
            """,
            more="""
            - With folds by «unit» the score drops from 0.9«2..7» to 0.«58..69».
            """,
            asks="""
            - Which steps must be inside the loop?
            - How would I find such mistakes earlier?
            """,
            python="""
            cv = GroupKFold(5)
            cross_val_score(make_pipeline(SelectKBest(k=20), clf), X, y,
                            groups=df["«unit_name»"], cv=cv)
            """,
        ),
        Problem(
            tags="overfitting .75, bias-variance-tradeoff .45, model-selection .2",
            titles="""
            - Is it overfitting if the test error is «four|three|two» times the training error?
            - How can I see from learning curves whether more data would help?
            - Bias and variance of a model for «outcome» from resampled fits
            - More parameters than «units» and still a good fit?
            """,
            says="""
            - Training error is near zero, test error is «0.18..0.35». People call this overfitting,
              but every simpler model has a larger test error.
            - I plotted the error against the number of «units». Both curves are flat and far apart.
            """,
            more="""
            - $E[(y - \\hat f)^2] = \\text{bias}^2 + \\text{variance} + \\sigma^2$ is clear to me as
              a formula, not as something to measure.
            """,
            asks="""
            - Is the gap itself a problem?
            - What does this say about where to spend effort?
            """,
        ),
        Problem(
            tags="train-test-split .55, sample-size .25, leave-one-out .4",
            titles="""
            - Leave-one-out or ten folds with «n» «units»?
            - Is 70/30 a law of nature?
            - Repeated hold-out gives scores between 0.«41..55» and 0.«80..92»
            - Stratified folds with «7..15» positive «units»
            """,
            says="""
            - With only «n» «units», the score depends on the random split more than on the model.
            - Leaving one out gives an error of 0.«21..24», ten folds give 0.«26..31».
            """,
            more="""
            - In some folds there is not a single positive «unit».
            """,
            asks="""
            - Which scheme has the smaller variance?
            - How should I state the uncertainty of the score?
            """,
        ),
    ),
    details="""
    - The data have «rows» rows, from «n» «units».
    - The final model has to run without me, so I want an honest estimate.
    - All preprocessing is part of the pipeline. I hope.
    """,
    tried="""
    - another seed
    - repeating everything ten times
    - keeping a tenth aside until the very end
    - a bootstrap estimate of the error
    """,
    aside="""
    - Its error in ten-fold cross-validation is 0.«12..38».
    """,
    aside_tags="cross-validation .4",
)

TEXT = Topic(
    name="text mining",
    weight=3.0,
    tags="text-mining .62, natural-language .5",
    problems=(
        Problem(
            tags="topic-models .85, latent-dirichlet-alloc .4",
            titles="""
            - How many topics for «rows» «documents»?
            - Topics of «documents» all contain the same words
            - LDA on very short «documents»
            - Topics change when «documents» are shuffled
            """,
            says="""
            - I ran LDA on «rows» «documents» from «place». With 10 topics they are mush, with 50
              there are five topics that mean the same.
            - Our «documents» are seldom longer than «two|three» lines. The topics that come out
              consist of frequent words and make no sense.
            """,
            more="""
            - Perplexity keeps falling with the number of topics, coherence has its maximum at
              «eight|twelve».
            - Stop words are removed, but place names are not.
            """,
            asks="""
            - How do people choose the number of topics?
            - Should short texts be pooled?
            """,
            python="""
            dictionary = corpora.Dictionary(tokens)
            corpus = [dictionary.doc2bow(t) for t in tokens]
            lda = LdaModel(corpus, num_topics=«10|20|50», id2word=dictionary, passes=10)
            """,
            intro=False,
        ),
        Problem(
            tags="classification .5, tf-idf .55, naive-bayes .25",
            titles="""
            - Classifying «documents» by subject with few labels
            - Words or character n-grams for misspelt «documents»?
            - One document may have several labels: which loss, which threshold?
            - tf-idf weights for «documents» that arrive later
            """,
            says="""
            - We want to sort «documents» from «place» into «8..25» subjects. About «six hundred|two
              thousand» were labelled by hand; some belong to more than one subject.
            - New «documents» contain words that were not in the training vocabulary. I simply drop
              them, which feels wasteful.
            """,
            more="""
            - A bag of words with a linear classifier gets 0.«71..83», a network gets the same.
            - The people who label do not always agree: kappa is 0.«55..75».
            """,
            asks="""
            - What is a strong and simple baseline?
            - Where should the threshold be for rare subjects?
            """,
            python="""
            model = make_pipeline(TfidfVectorizer(min_df=2, sublinear_tf=True),
                                  OneVsRestClassifier(LogisticRegression()))
            model.fit(texts, MultiLabelBinarizer().fit_transform(labels))
            """,
            intro=False,
        ),
        Problem(
            tags="word-embeddings .84, word2vec .6, neural-networks .25",
            titles="""
            - Average word vectors of «documents»: better with weights?
            - word2vec on «rows» «documents»: too few?
            - Nearest neighbours of 'not' in my embedding
            - Skip-gram or CBOW for «documents»?
            """,
            says="""
            - I trained vectors on our «documents» and average them for each text. Texts that say
              the opposite of each other end up very near.
            - With «rows» short «documents» the vectors are poor: the neighbours of a word are
              whatever was printed on the same form.
            """,
            more="""
            - Vectors from a large general corpus do not know our jargon.
            """,
            asks="""
            - Is there a good way to combine general and own vectors?
            - How many sentences are needed to learn something useful?
            """,
            python="""
            w2v = Word2Vec(sentences, vector_size=100, window=5, min_count=5, sg=1)
            w2v.wv.most_similar("«unit_name»")
            """,
            intro=False,
        ),
        Problem(
            tags="sentiment-analysis .7, agreement-statistics .3, classification .25",
            titles="""
            - Sentiment of «documents»: irony and negation
            - A word list rates «documents» as negative that are not
            - Human raters disagree about the tone of «documents»
            """,
            says="""
            - A word list scores our «documents» as mostly negative, since in our field words such
              as *loss*, *stop* and *error* are neutral.
            - Two people rated the tone of «200..600» «documents» and agree on «61..74»% of them.
            """,
            more="""
            - Not bad counts as bad, of course.
            """,
            asks="""
            - How does one adapt such a list to a special field?
            - What accuracy can one expect at all if people disagree?
            """,
            intro=False,
        ),
    ),
    details="""
    - The «documents» are in English, with typing errors.
    - Names have been replaced by a placeholder.
    - A text has «18..60» words on average, the longest about a thousand.
    - The source is «place», so there is much jargon.
    """,
    tried="""
    - stemming
    - bigrams
    - a longer list of stop words
    - removing words that occur fewer than five times
    - spelling correction
    """,
    aside="""
    - We also have the text of the «documents», which I have not used yet.
    """,
    aside_tags="text-mining .3",
)

TOPICS = (CLASSIFICATION, TREES, NETWORKS, VALIDATION, TEXT)
